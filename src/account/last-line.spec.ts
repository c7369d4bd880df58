import { expect, it } from 'vitest';
import { lastLine } from './last-line.js';

const outbox = { name: 'memory', durability: 'process' } as const;
const none = { delivered: 0, rejected: 0, expired: 0, dropped: 0 };

it.each([
  [0, { delivered: 3 }, 'log', /^Everything accepted was delivered$/],
  [0, { rejected: 1 }, 'log', /delivered or given up$/],
  [0, { dropped: 1 }, 'log', /delivered or given up$/],
  [1, {}, 'warn', /^1 event stays behind in the outbox \(memory\)/],
  [2, {}, 'warn', /^2 events stay behind in the outbox \(memory\)/],
  [undefined, { delivered: 3 }, 'warn', /unknown/],
] as const)('%s left, %j: %s', (left, counted, level, text) => {
  const line = lastLine({ left, counters: { ...none, ...counted }, outbox });
  expect(line.level).toBe(level);
  expect(line.text).toMatch(text);
  expect(line.facts).toMatchObject({ ...counted, left: left ?? 'unknown' });
});
