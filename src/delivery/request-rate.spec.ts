import { expect, test } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { RequestRate } from './request-rate.js';

const { signal } = new AbortController();

test('without a limit every request starts at once', () => {
  expect(new RequestRate(new ManualClock(), undefined).isLimited).toBe(false);
  expect(new RequestRate(new ManualClock(), 1).isLimited).toBe(true);
  const rate = new RequestRate(new ManualClock(), undefined);
  expect([rate.turn(signal), rate.turn(signal)]).toEqual([
    undefined,
    undefined,
  ]);
});

test('spaces requests evenly', async () => {
  const clock = new ManualClock();
  const rate = new RequestRate(clock, 4);
  const started: number[] = [];
  const begin = clock.monotonic();
  const requests = [1, 2, 3].map(async () => {
    await rate.turn(signal);
    started.push(clock.monotonic() - begin);
  });
  expect(rate.nextRequestAt).toBe(begin + 750);
  await clock.advance(1000);
  await Promise.all(requests);
  expect(started).toEqual([0, 250, 500]);
  expect(rate.nextRequestAt).toBeUndefined();
});

test('nobody waits for a turn once the app ends', async () => {
  const end = new AbortController();
  const rate = new RequestRate(new ManualClock(), 0.001);
  expect(rate.turn(end.signal)).toBeUndefined();
  const waiting = rate.turn(end.signal);
  expect(waiting).toBeInstanceOf(Promise);
  end.abort();
  await waiting;
  expect(rate.turn(end.signal)).toBeUndefined();
});
