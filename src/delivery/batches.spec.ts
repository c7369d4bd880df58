import { describe, expect, it } from 'vitest';
import { batchesOf, sift, turnOf } from './batches.js';

const event = (failedAttempts: number, id = 'a') => ({
  id,
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

describe('turnOf', () => {
  it.each([1, 2, 3, 10, 101])('gives each of %i events its turn', (count) => {
    const events = Array.from({ length: count }, (_, n) => event(0, `${n}`));
    const turns = events.map((_, turn) => turnOf(events, turn + count)?.id);
    expect(new Set(turns).size).toBe(count);
  });

  it('comes from both ends', () => {
    const events = ['a', 'b', 'c', 'd'].map((id) => event(0, id));
    const turns = events.map((_, turn) => turnOf(events, turn)?.id);
    expect(turns).toEqual(['a', 'd', 'b', 'c']);
  });
});

describe('sift', () => {
  it('tells the events that are named from the others', () => {
    const events = ['a', 'b', 'c'].map((id) => event(0, id));
    const { refusals, good } = sift(events, [{ index: 1, message: 'no' }]);
    expect(refusals).toEqual([{ event: events[1], message: 'no' }]);
    expect(good).toEqual([events[0], events[2]]);
  });
});
