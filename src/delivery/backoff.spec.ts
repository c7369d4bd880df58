import { expect, test } from 'vitest';
import { backoff } from './backoff.js';

const retry = { delay: 200, factor: 2, maxDelay: 30_000, jitter: false };
const never = () => {
  throw new Error('no jitter, no chance');
};

test('waits for the delay first, and by the factor longer after each failure', () => {
  expect([1, 2, 3, 4].map((n) => backoff(retry, n, never))).toEqual([
    200, 400, 800, 1600,
  ]);
});

test('waits for no longer than maxDelay, however many failures there were', () => {
  expect(backoff(retry, 8, never)).toBe(25_600);
  expect(backoff(retry, 9, never)).toBe(30_000);
  expect(backoff(retry, 100_000, never)).toBe(30_000);
});

test('jitter takes off up to one half, and never adds to maxDelay', () => {
  const jittery = { ...retry, jitter: true };
  const waits = [0, 0.5, 1].map((chance) => backoff(jittery, 9, () => chance));
  expect(waits).toEqual([30_000, 22_500, 15_000]);
});

test('is a whole number of ms', () => {
  expect(backoff({ ...retry, delay: 5, factor: 1.5 }, 2, never)).toBe(8);
});
