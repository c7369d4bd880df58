import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const here = import.meta.dirname;
let sandbox: OdpSandbox;
beforeEach(async () => {
  sandbox = await OdpSandbox.start();
});
afterEach(() => sandbox.close());

/** Runs a script to its own end; nobody calls `process.exit`. */
function run(...args: string[]) {
  const child = spawn(
    process.execPath,
    [
      '--import',
      join(here, '../support/typescript.mjs'),
      join(here, 'script-child.ts'),
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit') as Promise<
    [number | null, NodeJS.Signals | null]
  >;
  return { child, ended };
}

// A process of its own compiles the sources first.
describe('a script', { timeout: 60_000 }, () => {
  it('ends by itself after a flush: no timer keeps it alive', async () => {
    const [code] = await run(sandbox.url, 'flush').ended;
    expect(code).toBe(0);
    expect(sandbox.events()).toHaveLength(250);
  });

  it('delivers first when it simply ends, and says so once', async () => {
    const { child, ended } = run(sandbox.url, 'nothing');
    const [output, [code]] = await Promise.all([text(child.stdout), ended]);
    expect(code).toBe(0);
    expect(sandbox.events()).toHaveLength(250);
    expect(output.match(/Everything accepted was delivered/g)).toHaveLength(1);
  });

  it('ends within shutdownTimeout while ODP is away, and says what stays behind', async () => {
    sandbox.fail({ hang: true });
    const { child, ended } = run(sandbox.url, 'away');
    const [output, [code]] = await Promise.all([text(child.stdout), ended]);
    expect(code).toBe(0);
    expect(output.match(/250 events stay behind .*left=250/g)).toHaveLength(1);
  });

  it('delivers what waits when it is told to end', async () => {
    sandbox.fail({ status: 503, times: 2 });
    const { child, ended } = run(sandbox.url, 'signal');
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(sandbox.events()).toHaveLength(250);
  });
});
