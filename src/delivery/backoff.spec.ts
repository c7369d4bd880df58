import { expect, test } from 'vitest';
import { Backoff } from './backoff.js';

const retry = { delay: 200, factor: 2, maxDelay: 30_000, jitter: false };
const never = () => {
  throw new Error('no jitter, no chance');
};

test('waits for the delay first, and by the factor longer after each failure', () => {
  const backoff = new Backoff(retry, never);
  expect([1, 2, 3, 4].map((n) => backoff.after(n))).toEqual([
    200, 400, 800, 1600,
  ]);
});

test('waits for no longer than maxDelay, however many failures there were', () => {
  const backoff = new Backoff(retry, never);
  expect(backoff.after(8)).toBe(25_600);
  expect(backoff.after(9)).toBe(30_000);
  expect(backoff.after(100_000)).toBe(30_000);
});

test('jitter takes off up to one half, and never adds to maxDelay', () => {
  const jittery = { ...retry, jitter: true };
  const waits = [0, 0.5, 1].map((chance) =>
    new Backoff(jittery, () => chance).after(9),
  );
  expect(waits).toEqual([30_000, 22_500, 15_000]);
});

test('is a whole number of ms', () => {
  const backoff = new Backoff({ ...retry, delay: 5, factor: 1.5 }, never);
  expect(backoff.after(2)).toBe(8);
});
