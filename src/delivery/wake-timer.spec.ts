import { expect, test } from 'vitest';
import { ManualClock } from '../testing/index.js';
import { WakeTimer } from './wake-timer.js';

/** A timer, and when those that slept on it woke. */
function timer() {
  const clock = new ManualClock();
  const woken: number[] = [];
  const one = new WakeTimer(clock);
  const sleep = (until: number) =>
    one.sleep(until).then(() => woken.push(clock.monotonic()));
  return { clock, woken, one, sleep };
}

test('a sleep ends at its time, and keeps no process alive', async () => {
  const { clock, woken, one, sleep } = timer();
  void sleep(100);
  expect([clock.pendingTimers, clock.keepAliveTimers]).toEqual([1, 0]);
  await clock.advance(99);
  expect([woken, one.isPast(100)]).toEqual([[], false]);
  await clock.advance(1000);
  expect([woken, one.isPast(100)]).toEqual([[100], true]);
});

test('a sleep until a time that has passed ends at once', async () => {
  const { clock, woken, sleep } = timer();
  await clock.advance(100);
  void sleep(50);
  await clock.advance(0);
  void sleep(50);
  await clock.advance(0);
  expect(woken).toEqual([100, 100]);
});

test('a sleeper can be woken before', async () => {
  const { clock, woken, one, sleep } = timer();
  void sleep(Infinity);
  await clock.advance(10);
  one.wake();
  await clock.advance(0);
  expect(woken).toEqual([10]);
  void sleep(Infinity);
  one.wakeSoon();
  await Promise.resolve();
  expect(woken).toEqual([10]);
  await clock.advance(0);
  expect(woken).toEqual([10, 10]);
});

test('what happened since the last sleep ends the next one at once, and only that', async () => {
  const { clock, woken, one, sleep } = timer();
  one.wake();
  one.wake();
  await sleep(Infinity);
  expect(woken).toEqual([0]);
  void sleep(100);
  await clock.advance(99);
  expect(woken).toEqual([0]);
});

test('the time of an earlier sleep is replaced', async () => {
  const { clock, woken, one, sleep } = timer();
  void sleep(50);
  one.wake();
  await clock.advance(0);
  void sleep(70);
  await clock.advance(60);
  expect([woken, clock.pendingTimers]).toEqual([[0], 1]);
  one.wake();
  await clock.advance(0);
  void sleep(Infinity);
  expect(clock.pendingTimers).toBe(0);
});

test('it can be switched off', async () => {
  const { clock, woken, one, sleep } = timer();
  void sleep(100);
  one.off();
  await clock.advance(1000);
  expect(woken).toEqual([]);
});
