import type { OdpIntegration } from 'nestjs-optimizely-odp';
import { describe, expect, it } from 'vitest';
import {
  bootWith,
  delivered,
  login,
  sandboxes,
  until,
} from './datafile-app.js';

type Start = OdpIntegration['start'];
type Listener = Parameters<Start>[0];

const integration = (start: Start, more: Partial<OdpIntegration> = {}) => ({
  source: 'the vault',
  readyTimeout: 10,
  start,
  ...more,
});

describe('an integration that a user writes', () => {
  it('names the account, and another one later', async () => {
    const [first, second] = await sandboxes('first-key', 'second-key');
    let tell: Listener = () => {};
    let stopped = 0;
    const { app, odp, log } = await bootWith(
      integration((listener) => {
        tell = listener;
        listener({
          kind: 'integrated',
          apiKey: 'first-key',
          apiHost: `${first!.url}/`,
        });
        return () => void stopped++;
      }),
    );
    await delivered(odp);
    tell({ kind: 'integrated', apiKey: 'second-key', apiHost: second!.url });
    await until(() => expect(log()).toContain('The ODP account has changed'));
    await delivered(odp);
    tell({ kind: 'unusable', problem: 'is sealed' });
    expect(log()).toContain(
      'The vault is sealed: what it named last stays in use',
    );
    await app.close();
    expect(stopped).toBe(1);
    expect([first!.events().length, second!.events().length]).toEqual([1, 1]);
  });

  it('may throw when it starts, and hang or throw when it stops', async () => {
    const throwing = await bootWith(
      integration(() => {
        throw new RangeError('S3cr3t');
      }),
    );
    expect(throwing.log()).toContain(
      'The vault could not be watched: RangeError was thrown',
    );
    expect(throwing.log()).not.toContain('S3cr3t');
    await expect(throwing.odp.sendOdpEvent(login)).rejects.toMatchObject({
      code: 'sdkNotReady',
    });
    await throwing.app.close();
    for (const stop of [
      () => new Promise<void>(() => {}),
      () => Promise.reject(new Error('stop')),
      () => {
        throw new Error('stop');
      },
    ]) {
      const { app } = await bootWith(integration(() => stop));
      await app.close();
    }
  });

  it('is not asked while ODP is not enabled', async () => {
    const { odp } = await bootWith(
      integration(() => expect.unreachable('it was asked')),
      { enabled: false },
    );
    await expect(odp.sendOdpEvent(login)).rejects.toMatchObject({
      code: 'odpNotEnabled',
    });
  });

  it.each([
    ['it has no method start', { start: undefined }],
    ['its source is not text', { source: undefined }],
    ['its readyTimeout is not a number of ms', { readyTimeout: '10s' }],
    ["its whenNotReady is neither 'reject' nor 'hold'", { whenNotReady: 'x' }],
  ])('fails the boot if %s', async (problem, wrong) => {
    const own = { ...integration(() => () => {}), ...wrong };
    await expect(bootWith(own as OdpIntegration)).rejects.toThrow(problem);
  });
});
