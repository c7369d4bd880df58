import { expect, it } from 'vitest';
import { quietContext } from '../../../test/support/outboxes.js';
import type { OutboxContext } from '../outbox.js';
import { MemoryDeadLetters } from './memory-dead-letters.js';

const CAUSE = { reason: 'rejected', message: 'no' } as const;
const MEBIBYTE = 1024 * 1024;

/** Dead letters that hear of `now` and keep what `retention` says. */
function letters(
  retention: Partial<OutboxContext['deadLetterRetention']> = {},
) {
  const all = new MemoryDeadLetters();
  const removed: number[] = [];
  const time = { now: 0 };
  const context = quietContext({
    now: () => time.now,
    deadLetterRetention: {
      maxAge: Infinity,
      maxCount: Infinity,
      maxBytes: Infinity,
      ...retention,
    },
    deadLettersRemoved: (count) => removed.push(count),
  });
  const add = (id: string, payload = '{}') =>
    all.add({ id, payload, createdAt: 0 }, 1, CAUSE, context);
  const ids = () => all.list({}, { limit: 2000 }).map(({ id }) => id);
  return { all, removed, time, add, ids };
}

it('keeps as many bytes as the option says, measured in UTF-8, and says what it removed', () => {
  const { add, ids, removed } = letters({ maxBytes: 8 });
  add('a', 'üü');
  add('b', 'üü');
  expect(ids()).toEqual(['a', 'b']);
  expect(removed).toEqual([]);
  add('c', 'üü');
  expect(ids()).toEqual(['b', 'c']);
  add('d', 'üüüü');
  expect(ids()).toEqual(['d']);
  expect(removed).toEqual([1, 2]);
});

it('keeps at most 16 MiB, whatever the option says', () => {
  const { add, ids } = letters();
  for (let i = 0; i < 18; i++) add(`e${i}`, 'x'.repeat(MEBIBYTE));
  expect(ids()).toHaveLength(16);
});

it('keeps none that is larger than all it may keep', () => {
  const { add, all, removed } = letters({ maxBytes: 8 });
  add('large', 'x'.repeat(9));
  expect(all.size).toBe(0);
  expect(removed).toEqual([1]);
});

it('has capacity again for what was taken out', () => {
  const { add, all, ids } = letters({ maxBytes: 8 });
  add('a', 'xxxx');
  add('b', 'xxxx');
  expect(all.remove({ ids: ['b'] }).map(({ id }) => id)).toEqual(['b']);
  add('c', 'xxxx');
  expect(ids()).toEqual(['a', 'c']);
});

it('keeps as many as the option says', () => {
  const { add, ids } = letters({ maxCount: 2 });
  for (const id of ['a', 'b', 'c']) add(id);
  expect(ids()).toEqual(['b', 'c']);
});

it('removes those that are older than the option says, as new ones come', () => {
  const { add, ids, time } = letters({ maxAge: 100 });
  add('a');
  time.now = 100;
  add('b');
  expect(ids()).toEqual(['a', 'b']);
  time.now = 101;
  add('c');
  expect(ids()).toEqual(['b', 'c']);
});

it('shows a page after a cursor', () => {
  const { add, all } = letters();
  for (const id of ['a', 'b', 'c']) add(id);
  const [first] = all.list({}, { limit: 1 });
  expect(first?.id).toBe('a');
  const rest = all.list({}, { limit: 9, after: first?.cursor });
  expect(rest.map(({ id }) => id)).toEqual(['b', 'c']);
});
