import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf, pickProbe, portionsOf, sift } from './batches.js';

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

describe('portionsOf', () => {
  const sizeOf = (texts: readonly string[]) =>
    Buffer.byteLength(`[${texts.join(',')}]`);

  it('keeps every event in its place, and portions within both limits, as full as they can be', () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 30 }));
    const sizes = fc.integer({ min: 1, max: 9 });
    const limits = fc.integer({ min: 1, max: 99 });
    fc.assert(
      fc.property(texts, sizes, limits, (payloads, size, bytes) => {
        const events = payloads.map((payload) => ({ ...event(0), payload }));
        const portions = portionsOf(events, size, bytes).map((portion) =>
          portion.map(({ payload }) => payload),
        );
        expect(portions.flat()).toEqual(payloads);
        for (const [index, portion] of portions.entries()) {
          expect(portion.length).toBeGreaterThan(0);
          expect(portion.length).toBeLessThanOrEqual(size);
          if (portion.length > 1) {
            expect(sizeOf(portion)).toBeLessThanOrEqual(bytes);
          }
          const next = portions[index + 1]?.[0];
          if (next === undefined || portion.length === size) continue;
          expect(sizeOf([...portion, next])).toBeGreaterThan(bytes);
        }
      }),
    );
  });
});

describe('pickProbe', () => {
  const nobody = () => false;
  const idsOf = (events: readonly { id: string }[]) =>
    events.map(({ id }) => id);

  it.each([1, 2, 3, 10, 101])('gives each of %i events its turn', (count) => {
    const events = Array.from({ length: count }, (_, n) => event(0, `${n}`));
    const turns = events.map(
      (_, turn) => pickProbe(events, turn + count, nobody).probe?.id,
    );
    expect(new Set(turns).size).toBe(count);
  });

  it('takes events from both ends, and leaves all others', () => {
    const events = ['a', 'b', 'c', 'd'].map((id) => event(0, id));
    const picks = events.map((_, turn) => pickProbe(events, turn, nobody));
    expect(picks.map(({ probe }) => probe?.id)).toEqual(['a', 'd', 'b', 'c']);
    expect(idsOf(picks[1]!.others)).toEqual(['a', 'b', 'c']);
    expect(picks[1]!.aside).toEqual([]);
  });

  it('gives one suspect every second turn, and sets the others aside', () => {
    const events = ['a', 'X', 'b', 'Y', 'Z'].map((id) => event(0, id));
    const isSuspect = ({ id }: { id: string }) => id === id.toUpperCase();
    const picks = [0, 1, 2, 3].map((turn) =>
      pickProbe(events, turn, isSuspect),
    );
    expect(picks.map(({ probe }) => probe?.id)).toEqual(['a', 'X', 'b', 'X']);
    expect(idsOf(picks[0]!.others)).toEqual(['b', 'X']);
    expect(idsOf(picks[1]!.others)).toEqual(['a', 'b']);
    expect(idsOf(picks[0]!.aside)).toEqual(['Y', 'Z']);
  });

  it('takes a suspect if there is nobody else, and nothing if there is nothing', () => {
    expect(pickProbe([event(0, 'X')], 2, () => true).probe?.id).toBe('X');
    expect(pickProbe([], 0, nobody).probe).toBe(undefined);
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
