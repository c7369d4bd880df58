import { expect, it } from 'vitest';
import { WaitingEvents } from './waiting-events.js';

const MB = 1024 * 1024;

it('is bounded in number', () => {
  const waiting = new WaitingEvents('Redis');
  waiting.came(100_000, 200_000);
  expect(() => waiting.came(1, 2)).toThrow(
    /^100000 events .*are waiting for Redis/,
  );
});

it('is bounded in size', () => {
  const waiting = new WaitingEvents('Redis');
  waiting.came(1, 40 * MB);
  expect(() => waiting.came(1, 40 * MB)).toThrow('no more are accepted');
  waiting.left(1, 40 * MB);
  waiting.came(1, 40 * MB);
});

it('takes a list of any size if it is alone', () => {
  const waiting = new WaitingEvents('Redis');
  waiting.came(200_000, 70 * MB);
  expect(() => waiting.came(1, 2)).toThrow(/^200000 events \(73400320/);
});
