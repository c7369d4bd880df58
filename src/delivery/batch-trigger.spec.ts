import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../testing/index.js';
import { BatchTrigger } from './batch-trigger.js';
import { WakeTimer } from './wake-timer.js';

const trigger = (wakeTimer = new WakeTimer(new ManualClock())) =>
  new BatchTrigger({ batchSize: 10, flushInterval: 1000 }, wakeTimer);

describe('trigger', () => {
  test('is due at once for a full batch, else after flushInterval', () => {
    const one = trigger();
    one.appended(1, () => 0);
    one.appended(1, () => 10);
    expect(one.isDue(999)).toBe(false);
    expect(one.nextAt).toBe(1000);
    expect(one.isDue(1000)).toBe(true);

    const full = trigger();
    full.appended(9, () => 0);
    full.appended(1, () => 5);
    expect(full.isDue(5)).toBe(true);
  });

  test('wakes the dispatcher when something is due sooner, not for every event', () => {
    const wakeTimer = new WakeTimer(new ManualClock());
    const soon = vi.spyOn(wakeTimer, 'wakeSoon');
    const now = vi.spyOn(wakeTimer, 'wake');
    const one = trigger(wakeTimer);
    for (let n = 0; n < 9; n++) one.appended(1, () => n);
    expect(soon).toHaveBeenCalledTimes(1);
    one.appended(1, () => 10);
    expect(soon).toHaveBeenCalledTimes(2);
    one.appended(25, () => 11);
    expect(soon).toHaveBeenCalledTimes(3);
    one.wantAllSoon(12);
    expect(soon).toHaveBeenCalledTimes(4);
    expect(now).not.toHaveBeenCalled();
    one.wantAll(13);
    one.wantOld();
    expect(now).toHaveBeenCalledTimes(2);
  });

  test('knows how many full batches there are, as long as nothing else is due', () => {
    const one = trigger();
    one.appended(25, () => 0);
    expect(one.claim(0).batches).toBe(2);
    one.wantAll(5);
    expect(one.claim(5).batches).toBe(Infinity);
    one.wantOld();
    expect(one.claim(5).batches).toBe(Infinity);
  });

  test('keeps what arrives while a claim is under way', () => {
    const one = trigger();
    one.wantAll(0);
    const claim = one.claim(0);
    one.appended(1, () => 50);
    claim.end(0, undefined);
    expect(one.isDue(50)).toBe(false);
    expect(one.nextAt).toBe(1050);
  });

  test('keeps every release, not only the next', () => {
    const one = trigger();
    one.released(200);
    one.released(100);
    expect(one.isDue(100)).toBe(true);
    one.claim(100).end(0, undefined);
    expect(one.isDue(199)).toBe(false);
    expect(one.isDue(200)).toBe(true);
  });

  test('wants all until a claim comes back empty, as a short one may be full in bytes', () => {
    const one = trigger();
    one.wantAll(0);
    one.claim(0).end(10, 0);
    expect(one.isDue(0)).toBe(true);
    one.claim(0).end(3, 0);
    expect(one.isDue(0)).toBe(true);
    one.claim(0).end(0, undefined);
    expect(one.isDue(0)).toBe(false);
  });

  test('leaves what arrives while all is being sent to fill a batch of its own', () => {
    const one = trigger();
    one.wantAll(100);
    const all = one.claim(110);
    expect(all.minAge).toBe(undefined);
    all.end(10, 0);
    one.appended(1, () => 400);
    const rest = one.claim(500);
    expect(rest.minAge).toBe(390);
    rest.end(0, undefined);
    expect(one.isDue(500)).toBe(false);
    expect(one.nextAt).toBe(1400);
  });

  test('keeps what a full claim left behind for when it has waited long enough', () => {
    const one = trigger();
    one.appended(3, () => 0);
    one.wantAll(0);
    one.claim(0).end(2, 0);
    expect(one.nextAt).toBe(1000);
    one.claim(0).end(1, 0);
    expect(one.nextAt).toBe(Infinity);
  });

  test('forgets what another process has taken', () => {
    const one = trigger();
    one.appended(3, () => 0);
    one.wantAll(0);
    one.claim(0).end(0, undefined);
    expect(one.nextAt).toBe(Infinity);
  });

  test('counts what an old batch takes of what arrived meanwhile', () => {
    const one = trigger();
    one.appended(12, () => 0);
    one.wantAll(0);
    one.claim(500).end(10, 0);
    expect(one.isDue(500)).toBe(true);
    one.claim(500).end(0, undefined);
    expect(one.isDue(500)).toBe(false);
    one.appended(7, () => 500);
    expect(one.isDue(500)).toBe(false);
    one.appended(1, () => 500);
    expect(one.isDue(500)).toBe(true);
  });

  test("looks for what others appended once it has waited for flushInterval, and leaves this process's own", () => {
    const one = trigger();
    one.appended(1, () => 0);
    one.wantOld();
    expect(one.isDue(5)).toBe(true);
    const claim = one.claim(5);
    expect(claim.minAge).toBe(1000);
    claim.end(0, undefined);
    expect(one.isDue(5)).toBe(false);
    expect(one.nextAt).toBe(1000);
    one.wantOld();
    one.claim(10).end(2, 0);
    expect(one.isDue(10)).toBe(true);
  });

  test('never leaves an event waiting for longer than flushInterval without saying so', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            wait: fc.integer({ min: 0, max: 400 }),
            count: fc.integer({ min: 0, max: 15 }),
            claim: fc.boolean(),
          }),
        ),
        (steps) => {
          const one = trigger();
          const waiting: number[] = [];
          let now = 0;
          for (const { wait, count, claim } of steps) {
            now += wait;
            if (count > 0) one.appended(count, () => now);
            for (let i = 0; i < count; i++) waiting.push(now);
            while (one.isDue(now)) {
              if (!claim) break;
              const { minAge = 0, end } = one.claim(now);
              const old = waiting.filter((since) => now - since >= minAge);
              const taken = waiting.splice(0, Math.min(old.length, 10));
              end(taken.length, taken.at(-1));
            }
            const [oldest] = waiting;
            if (oldest === undefined) continue;
            expect(one.isDue(now) || one.nextAt <= oldest + 1000).toBe(true);
          }
        },
      ),
    );
  });
});
