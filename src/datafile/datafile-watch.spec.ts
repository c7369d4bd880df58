import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { ManualClock } from 'nestjs-optimizely-odp/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { OdpIntegrationState } from '../odp/index.js';
import { DatafileWatch } from './datafile-watch.js';

/** Answers the first request as told, and each later one with a sandbox's datafile. */
async function datafileServer(first: (response: ServerResponse) => void) {
  const sandbox = await OdpSandbox.start();
  const datafile = await (await fetch(sandbox.datafileUrl)).text();
  let count = 0;
  const server = createServer((_, response) => {
    if (++count === 1) first(response);
    else response.end(datafile);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await sandbox.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/datafile.json`,
    asked: () => count,
  };
}

function watch(address: string) {
  const states: OdpIntegrationState['kind'][] = [];
  const clock = new ManualClock();
  const watching = new DatafileWatch(
    { sdkKey: 'key', accessToken: undefined, address, pollInterval: 300_000 },
    ({ kind }) => states.push(kind),
    clock,
  );
  onTestFinished(() => watching.close());
  return { states, clock, watching };
}

describe('a datafile whose first answer', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    [
      'is cut off',
      (response) => {
        response.writeHead(200, { 'content-length': 1000 });
        response.write('{', () => response.destroy());
      },
    ],
    [
      'never ends',
      (response) => {
        response.writeHead(200, { 'content-length': 1000 });
        response.write('{');
      },
    ],
  ])('%s is asked for again, which its SDK does not', async (_, first) => {
    const { address, asked } = await datafileServer(first);
    const { states, clock } = watch(address);
    await vi.waitFor(() => expect(asked()).toBe(1));
    await clock.advance(90_000);
    await vi.waitFor(() => expect(states).toEqual(['unusable', 'integrated']));
    expect(clock.keepAliveTimers).toBe(0);
  });

  it('is broken is asked for again, which its SDK does not', async () => {
    const { address } = await datafileServer((response) => response.end('{'));
    const { states, clock } = watch(address);
    await vi.waitFor(() => expect(states).toContain('unusable'));
    await clock.advance(1000);
    await vi.waitFor(() => expect(states).toContain('integrated'));
  });
});

it('leaves no timer behind', async () => {
  const { address } = await datafileServer((response) => response.end('{'));
  const { states, clock, watching } = watch(address);
  await vi.waitFor(() => expect(states).toContain('unusable'));
  watching.close();
  expect(clock.pendingTimers).toBe(0);
});
