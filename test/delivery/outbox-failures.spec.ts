import { memoryOutbox, OdpOutboxError } from 'nestjs-optimizely-odp';
import { expect, test, vi } from 'vitest';
import { numbered, startOdpApp } from '../support/odp-app.js';

/** An outbox that fails on cue, as no real store does. */
function failing(
  doing: 'acknowledge' | 'deadLetter' | 'release' | 'claim',
  times: number,
) {
  const outbox = memoryOutbox();
  const failures = vi.spyOn(outbox, doing);
  for (let i = 0; i < times; i++) {
    failures.mockImplementationOnce(() => {
      throw new OdpOutboxError('The store is away.');
    });
  }
  return outbox;
}

const failureTo = (doing: string) => ({
  level: 'error',
  message: expect.stringContaining(
    `The outbox failed to ${doing} and is tried again: The store is away.`,
  ) as string,
});

test('an outbox that fails to take in a delivery is told again, and nothing is sent twice', async () => {
  const { odp, sandbox, clock, until, log, deliveryEvents } = await startOdpApp(
    {
      outbox: failing('acknowledge', 2),
    },
  );
  await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  await expect.poll(() => log).toContainEqual(failureTo('acknowledge'));
  expect(deliveryEvents.map(({ type }) => type)).toEqual(['accepted']);
  await clock.advance(250);
  expect(odp.stats()).toMatchObject({ delivered: 0, pending: 1 });
  await clock.advance(250);
  await until('delivered');
  expect(odp.stats()).toMatchObject({ delivered: 1, pending: 0, requests: 1 });
  expect(sandbox.events()).toHaveLength(1);
});

test('an outbox that fails to take in a rejection is told again', async () => {
  const { odp, sandbox, clock, until, log } = await startOdpApp({
    outbox: failing('deadLetter', 1),
  });
  sandbox.fail({ invalid: { action: 'tested' } });
  await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  await expect.poll(() => log).toContainEqual(failureTo('deadLetter'));
  await clock.advance(250);
  await until('rejected');
  expect(await odp.deadLetters.list()).toMatchObject([{ reason: 'rejected' }]);
});

test('an outbox that fails to take events back is told again, and they are sent', async () => {
  const { odp, sandbox, clock, until, log, arrived } = await startOdpApp({
    outbox: failing('release', 1),
  });
  sandbox.fail({ status: 503, times: 1 });
  await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  await expect.poll(() => log).toContainEqual(failureTo('release'));
  await clock.advance(250);
  await clock.advance(201);
  await until('delivered');
  expect(arrived()).toEqual(['1']);
});

test('an outbox whose claim fails is asked again after a second', async () => {
  const { odp, clock, until, log, arrived } = await startOdpApp({
    outbox: failing('claim', 1),
  });
  await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  await expect.poll(() => log).toContainEqual(failureTo('claim'));
  await clock.advance(999);
  expect(arrived()).toEqual([]);
  await clock.advance(1);
  await until('delivered');
});

test('what an outbox throws that is none of our errors reaches callers as OdpOutboxError, and no log', async () => {
  const outbox = memoryOutbox();
  const { odp, log, until } = await startOdpApp({ outbox });
  const foreign = new TypeError('duplicate key: ada@example.com');
  const failure = { code: 'outboxFailed', cause: foreign };
  const refuse = () => Promise.reject(foreign);
  for (const doing of ['append', 'deadLetters', 'requeue', 'purge'] as const) {
    vi.spyOn(outbox, doing).mockImplementation(refuse);
  }
  await expect(odp.sendOdpEvent(numbered(1))).rejects.toMatchObject(failure);
  await expect(odp.sendOdpEvents([numbered(1)])).rejects.toMatchObject(failure);
  await expect(odp.deadLetters.list()).rejects.toMatchObject(failure);
  await expect(odp.deadLetters.requeue()).rejects.toMatchObject(failure);
  await expect(odp.deadLetters.purge({ all: true })).rejects.toMatchObject(
    failure,
  );
  odp.trackOdpEvent(numbered(1));
  expect(await until('dropped')).toMatchObject([{ reason: 'outboxFailed' }]);
  vi.spyOn(outbox, 'append').mockImplementation(() => {
    throw foreign;
  });
  await expect(odp.sendOdpEvent(numbered(1))).rejects.toMatchObject(failure);
  odp.trackOdpEvent(numbered(1));
  await until('dropped', 2);
  vi.spyOn(outbox, 'claim').mockImplementationOnce(refuse);
  void odp.flush();
  await expect.poll(() => JSON.stringify(log)).toContain('threw TypeError');
  expect(JSON.stringify(log)).not.toContain('ada@');
});
