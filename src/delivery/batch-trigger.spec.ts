import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchTrigger } from './batch-trigger.js';

const trigger = () => new BatchTrigger({ batchSize: 10, flushInterval: 1000 });

describe('trigger', () => {
  test('is due at once for a full batch, else after flushInterval', () => {
    const one = trigger();
    expect(one.appended(1, 0)).toBe(true);
    expect(one.isDue(999)).toBe(false);
    expect(one.nextAt).toBe(1000);
    expect(one.isDue(1000)).toBe(true);

    const full = trigger();
    full.appended(9, 0);
    expect(full.appended(1, 5)).toBe(true);
    expect(full.isDue(5)).toBe(true);
  });

  test('keeps what arrives while a claim is under way', () => {
    const one = trigger();
    one.wantAll();
    const claimed = one.claim();
    one.appended(1, 50);
    claimed(0, undefined);
    expect(one.isDue(50)).toBe(false);
    expect(one.nextAt).toBe(1050);
  });

  test('keeps every release, not only the next', () => {
    const one = trigger();
    one.released(200);
    one.released(100);
    expect(one.isDue(100)).toBe(true);
    one.claim()(0, undefined);
    expect(one.isDue(199)).toBe(false);
    expect(one.isDue(200)).toBe(true);
  });

  test('wants all until a claim comes back short', () => {
    const one = trigger();
    one.wantAll();
    one.claim()(10, 0);
    expect(one.isDue(0)).toBe(true);
    one.claim()(3, 0);
    expect(one.isDue(0)).toBe(false);
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
            if (count > 0) one.appended(count, now);
            for (let i = 0; i < count; i++) waiting.push(now);
            while (one.isDue(now)) {
              if (!claim) break;
              const claimed = one.claim();
              const taken = waiting.splice(0, 10);
              claimed(taken.length, taken.at(-1));
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
