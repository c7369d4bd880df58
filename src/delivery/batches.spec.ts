import { describe, expect, it } from 'vitest';
import { batchesOf } from './batches.js';

const event = (failedAttempts: number) => ({
  id: 'a',
  payload: '{}',
  createdAt: 0,
  receipt: '1',
  age: 0,
  claim: 'c',
  failedAttempts,
});

describe('batchesOf', () => {
  it.each([1, 9, 1023, 1024, 100_000])(
    'ends, and has every event in a request, after %i failed attempts',
    (failedAttempts) => {
      const events = Array.from({ length: 500 }, () => event(failedAttempts));
      expect(batchesOf(events).flat()).toHaveLength(500);
    },
  );
});
