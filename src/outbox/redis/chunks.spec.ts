import { describe, expect, it } from 'vitest';
import type { ClaimedEvent } from '../outbox.js';
import { eventsOf, toChunks, toClaimedEvents, toHeld } from './chunks.js';

const event = (place: number, payload = `{"n":${place}}`) => ({
  id: `id "${place}"\t\n\u001E`,
  payload,
  createdAt: place,
  receipt: place % 2 === 0 ? `receipt-${place}` : undefined,
});
const events = (count: number, payload?: string) =>
  Array.from({ length: count }, (_, place) => event(place, payload));

describe('chunks', () => {
  it('hold a hundred events each, and give them back as they were', () => {
    const all = events(250);
    const chunks = toChunks(all, 'me/0');
    expect(chunks.map((chunk) => eventsOf(chunk).length)).toEqual([
      100, 100, 50,
    ]);
    expect(chunks.flatMap(eventsOf)).toEqual(all);
  });

  it('hold fewer large events, but one at least', () => {
    const lengths = (characters: number) =>
      toChunks(events(3, `"${'x'.repeat(characters)}"`), 'me/0').map(
        (chunk) => eventsOf(chunk).length,
      );
    expect(lengths(30_000)).toEqual([2, 1]);
    expect(lengths(100_000)).toEqual([1, 1, 1]);
  });

  it('say how many events and bytes they have, and whether one is awaited', () => {
    const header = (...list: readonly ReturnType<typeof event>[]) =>
      toChunks(list, 'me/0')[0]?.split('\n', 1)[0];
    expect(header(event(1, '"ü"'), event(3))).toBe('me/0\t2\t11\t');
    expect(header(event(1), event(2))).toBe('me/0\t2\t14\t1');
  });
});

describe('held events', () => {
  const claimed = (token: string, number: number, count: number) =>
    toClaimedEvents(
      [
        1700000000500,
        `1700000000000-${String(number).padStart(12, '0')}-${count}-7`,
        toChunks(events(count), 'me/0')[0] ?? '',
        '2',
      ],
      token,
    );

  it('know how old they are, and how often they failed', () => {
    expect(claimed('a', 5, 1)).toEqual([
      expect.objectContaining({ age: 500, failedAttempts: 2 }),
    ]);
  });

  it('are named by their claims and ranges of numbers, whatever their order', () => {
    const [one, two, three, four, five] = claimed('a', 98, 5) as [
      ClaimedEvent,
      ClaimedEvent,
      ClaimedEvent,
      ClaimedEvent,
      ClaimedEvent,
    ];
    expect(toHeld([])).toEqual([]);
    expect(toHeld([one, two, three])).toEqual(['a', '98-100']);
    expect(toHeld([five, one, two, one, ...claimed('b', 7, 1)])).toEqual([
      'a',
      '98-99,102-102',
      'b',
      '7-7',
    ]);
    expect(toHeld([four, two])).toEqual(['a', '99-99,101-101']);
  });
});
