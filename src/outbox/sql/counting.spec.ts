import { describe, expect, it } from 'vitest';
import { Counting } from './counting.js';

/** Rows that take 100 ms to count. */
function rows(pending: number) {
  let now = 0;
  let counted = 0;
  const counting = new Counting();
  return {
    counts: () =>
      counting.counts(
        async () => {
          counted++;
          now += 100;
          return { pending, oldestAge: 1, deadLetters: 0 };
        },
        () => now,
      ),
    pass: (ms: number) => (now += ms),
    counted: () => counted,
  };
}

describe('Counting', () => {
  it('counts a few rows each time', async () => {
    const few = rows(10_000);
    await few.counts();
    await few.counts();
    expect(few.counted()).toBe(2);
  });

  it('counts many for at most a twentieth of the time', async () => {
    const many = rows(10_001);
    await many.counts();
    many.pass(1999);
    expect(await many.counts()).toMatchObject({ pending: 10_001 });
    expect(many.counted()).toBe(1);
    many.pass(1);
    await many.counts();
    expect(many.counted()).toBe(2);
  });
});
