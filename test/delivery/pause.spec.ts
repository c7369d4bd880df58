import { expect, test } from 'vitest';
import { numbered, startOdpApp } from '../support/odp-app.js';

const events = (count: number) =>
  Array.from({ length: count }, (_, n) => numbered(n));

test('pause starts no request, accepts events and ends flushes at once; resume sends what waits', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp({
    delivery: { batchSize: 2 },
  });
  odp.pause();
  await odp.sendOdpEvents(events(5));
  expect(await odp.flush()).toEqual({ pending: 5 });
  await clock.advance(60_000);
  expect(sandbox.requests()).toHaveLength(0);
  expect(odp.stats()).toMatchObject({ paused: true, pending: 5 });
  odp.resume();
  await until('delivered', 5);
  expect(odp.stats()).toMatchObject({ paused: false, pending: 0 });
});

test('events expire while delivery is paused', async () => {
  const { odp, clock, until } = await startOdpApp({
    delivery: { maxEventAge: '2s' },
  });
  odp.pause();
  await odp.sendOdpEvents(events(3));
  await clock.advance(2000);
  await until('expired', 3);
});

test('maxRequestsPerSecond spaces requests, those of halves included', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp({
    delivery: { batchSize: 2, maxRequestsPerSecond: 10 },
  });
  sandbox.fail({ status: 413, match: (event) => event.identifiers.n === '1' });
  await odp.sendOdpEvents(events(6));
  await expect
    .poll(async () => {
      await clock.advance(50);
      const most = 1 + clock.monotonic() / 100;
      expect(sandbox.requests().length).toBeLessThanOrEqual(most);
      return odp.stats().delivered + odp.stats().rejected;
    })
    .toBe(6);
  await until('rejected');
  expect(sandbox.requests().length).toBeGreaterThan(3);
});

test('requests are bounded in bytes, and an event that is larger goes alone', async () => {
  const { odp, sandbox, until } = await startOdpApp({
    delivery: { maxBatchBytes: '4kb' },
  });
  const sized = (n: number, size: number) => ({
    ...numbered(n),
    data: { text: 'x'.repeat(size) },
  });
  await odp.sendOdpEvents([
    sized(0, 1000),
    sized(1, 1000),
    sized(2, 6000),
    sized(3, 1000),
    sized(4, 1000),
    sized(5, 1000),
  ]);
  await odp.flush();
  await until('delivered', 6);
  expect(sandbox.requests().map(({ batchSize }) => batchSize)).toEqual([
    2, 1, 3,
  ]);
});

test('awaitDelivery waits for no batch to fill', async () => {
  const { odp, sandbox } = await startOdpApp({
    delivery: { flushInterval: '30s' },
  });
  await odp.sendOdpEvent(numbered(1), { awaitDelivery: true });
  expect(sandbox.requests()).toHaveLength(1);
});

test('pause stops a delivery that has begun', async () => {
  const { odp, sandbox, clock } = await startOdpApp({
    delivery: { batchSize: 64, maxRequestsPerSecond: 1 },
  });
  sandbox.fail({ status: 413, match: (event) => event.identifiers.n === '1' });
  await odp.sendOdpEvents(events(64));
  await expect.poll(() => sandbox.requests().length).toBe(1);
  odp.pause();
  await clock.advance(10_000);
  expect(sandbox.requests()).toHaveLength(1);
  expect(odp.stats()).toMatchObject({ inFlight: 0, pending: 64 });
});

test('a flush ends with the app', async () => {
  const { odp, sandbox, clock, until, close } = await startOdpApp({
    delivery: { shutdownTimeout: 500 },
  });
  sandbox.fail({ status: 503 });
  await odp.sendOdpEvents(events(3));
  let flushed: unknown;
  const flush = odp.flush({ timeout: '1h' }).then((left) => (flushed = left));
  await until('retrying');
  const closing = close();
  await clock.advance(2000);
  await closing;
  await flush;
  expect(flushed).toEqual({ pending: 3 });
});
