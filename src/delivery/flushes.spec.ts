import { expect, test } from 'vitest';
import { Flushes } from './flushes.js';

const checkpoint = (left: { pending: number }) => ({
  pending: () => left.pending,
  close: () => {},
});

/** Starts one; the result says whether it has ended. */
function flush(flushes: Flushes, left: { pending: number }, deadline = 1000) {
  const state = { ended: false };
  void flushes
    .wait(checkpoint(left), deadline)
    .then(() => (state.ended = true));
  return state;
}

const rethrow = (error: unknown) => {
  throw error;
};

test('a flush ends once nothing before it is pending, whatever others wait for', async () => {
  const flushes = new Flushes();
  const [first, second] = [{ pending: 1 }, { pending: 2 }];
  const one = flush(flushes, first);
  const other = flush(flushes, second);
  first.pending = 0;
  await flushes.endDone(rethrow);
  expect([one.ended, other.ended]).toEqual([true, false]);
  expect(flushes.any).toBe(true);
});

test('a flush ends when time is over, or as soon as nothing can be sent in time', async () => {
  const flushes = new Flushes();
  const soon = flush(flushes, { pending: 1 }, 100);
  const later = flush(flushes, { pending: 1 }, 200);
  const last = flush(flushes, { pending: 1 }, 300);
  flushes.endLate(99, 0);
  await Promise.resolve();
  expect(soon.ended).toBe(false);
  flushes.endLate(100, 0);
  await Promise.resolve();
  expect([soon.ended, later.ended]).toEqual([true, false]);
  flushes.endLate(150, 250);
  await Promise.resolve();
  expect([later.ended, last.ended]).toEqual([true, false]);
  flushes.end();
  await Promise.resolve();
  expect([last.ended, flushes.any]).toEqual([true, false]);
});

test('an outbox that cannot count is reported, and asked again', async () => {
  const flushes = new Flushes();
  let works = false;
  const counts = {
    pending: () => {
      if (!works) throw new Error('away');
      return 0;
    },
    close: () => {},
  };
  const ended = flushes.wait(counts, 1000);
  const failures: unknown[] = [];
  await flushes.endDone((error) => failures.push(error));
  expect(failures).toHaveLength(1);
  works = true;
  await flushes.endDone(rethrow);
  await ended;
});

test('an outbox that is slow to count is asked by one call at a time, and once more for those meanwhile', async () => {
  const flushes = new Flushes();
  const answers: ((pending: number) => void)[] = [];
  const counts = {
    pending: () => new Promise<number>((resolve) => answers.push(resolve)),
    close: () => {},
  };
  const ended = flushes.wait(counts, 1000);
  const asking = flushes.endDone(rethrow);
  await flushes.endDone(rethrow);
  await flushes.endDone(rethrow);
  expect(answers).toHaveLength(1);
  answers[0]?.(1);
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.(0);
  await Promise.all([asking, ended]);
});
