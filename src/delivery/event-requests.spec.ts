import { expect, test } from 'vitest';
import { eventOf, sendingParts } from '../../test/support/delivery-parts.js';

/** An event of so many bytes. */
const large = (bytes: number) => ({
  ...eventOf('large'),
  payload: JSON.stringify({ identifiers: {}, text: 'a'.repeat(bytes) }),
  age: 0,
  failedAttempts: 0,
  claim: undefined,
});

test('a request that takes too long makes the next ones smaller, until they get through', async () => {
  const { requests, transport, limit, clock, reporter } = await sendingParts();
  const max = limit.bytes;
  transport.respondWith(() => new Promise<number>(() => {}));
  const late = requests.send([large(100_000)]);
  await clock.advance(requests.timeout);
  expect(await late).toMatchObject({ timedOut: true });
  const cut = limit.bytes;
  expect(cut).toBeLessThan(60_000);
  transport.respondWith(503);
  await requests.send([large(cut)]);
  expect(limit.bytes).toBe(cut);
  transport.respondWith(202);
  await requests.send([large(cut)]);
  expect(limit.bytes).toBeGreaterThan(cut);
  expect(limit.bytes).toBeLessThan(max);
  expect(reporter.counters.requests).toBe(3);
});

test('each waits for its turn, and does not start if delivery is held by then', async () => {
  const { requests, run, clock } = await sendingParts({
    maxRequestsPerSecond: 2,
  });
  await requests.turn();
  expect(requests.held).toBe(false);
  let may: boolean | undefined;
  void Promise.resolve(requests.turn()).then(() => (may = !requests.held));
  await clock.advance(499);
  expect(may).toBe(undefined);
  run.pause();
  await clock.advance(1);
  expect(may).toBe(false);
});

test('the end of the app cuts a request off', async () => {
  const { requests, transport, ended } = await sendingParts();
  transport.respondWith(() => new Promise<number>(() => {}));
  const cut = requests.send([large(1)]);
  expect(requests.ended).toBe(false);
  ended.abort();
  expect(await cut).toMatchObject({ kind: 'unavailable', timedOut: false });
  await requests.turn();
  expect([requests.ended, requests.held]).toEqual([true, true]);
});
