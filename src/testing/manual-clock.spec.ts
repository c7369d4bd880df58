import { describe, expect, it } from 'vitest';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('stands still until it is moved', async () => {
    const clock = new ManualClock(1000);
    let woken = 0;
    clock.schedule(() => woken++, 50, false);
    await clock.advance(49);
    expect([clock.now(), woken, clock.nextIn]).toEqual([1049, 0, 1]);
    await clock.advance(1);
    expect([clock.now(), woken, clock.pendingTimers]).toEqual([1050, 1, 0]);
  });

  it('wakes in the order of time, and of scheduling if that is equal', async () => {
    const clock = new ManualClock(0);
    const order: string[] = [];
    const note = (name: string) => () => {
      order.push(`${name} at ${clock.now()}`);
    };
    clock.schedule(note('late'), 30, false);
    clock.schedule(note('first'), 10, false);
    clock.schedule(note('second'), 10, false);
    await clock.advance(100);
    expect(order).toEqual(['first at 10', 'second at 10', 'late at 30']);
  });

  it('wakes what is scheduled on the way, asynchronously too', async () => {
    const clock = new ManualClock(0);
    const times: number[] = [];
    const every10 = async () => {
      times.push(clock.now());
      await Promise.resolve();
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      clock.schedule(() => void every10(), 10, false);
    };
    clock.schedule(() => void every10(), 10, false);
    await clock.advance(35);
    expect(times).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(35);
  });

  it('forgets what is called off, and knows what keeps the process alive', async () => {
    const clock = new ManualClock(0);
    let woken = false;
    const cancel = clock.schedule(() => (woken = true), 10, true);
    clock.schedule(() => {}, 20, false);
    expect([clock.pendingTimers, clock.keepAliveTimers]).toEqual([2, 1]);
    cancel();
    await clock.advance(10);
    expect(woken).toBe(false);
    expect([clock.pendingTimers, clock.keepAliveTimers]).toEqual([1, 0]);
  });
});
