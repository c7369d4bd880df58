import { expect, test } from 'vitest';
import { ManualClock } from '../testing/index.js';
import { WakeTimer } from './wake-timer.js';

function timer() {
  const clock = new ManualClock();
  const woken: number[] = [];
  const one = new WakeTimer(clock, () => woken.push(clock.monotonic()));
  return { clock, woken, one };
}

test('it wakes once, at the time that was set last', async () => {
  const { clock, woken, one } = timer();
  one.set(100);
  one.set(50);
  one.set(70);
  await clock.advance(1000);
  expect(woken).toEqual([70]);
  one.set(Infinity);
  expect(clock.pendingTimers).toBe(0);
});

test('a time that has passed wakes at once, and can be set again', async () => {
  const { clock, woken, one } = timer();
  await clock.advance(100);
  one.set(50);
  await clock.advance(0);
  one.set(50);
  await clock.advance(0);
  expect(woken).toEqual([100, 100]);
});

test('it can be switched off, and keeps no process alive', async () => {
  const { clock, woken, one } = timer();
  one.set(100);
  one.set(100);
  expect([clock.pendingTimers, clock.keepAliveTimers]).toEqual([1, 0]);
  one.off();
  await clock.advance(1000);
  expect(woken).toEqual([]);
});
