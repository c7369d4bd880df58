import { expect, test } from 'vitest';
import { RateLimitedLogger } from './rate-limited-logger.js';

function start() {
  let time = 0;
  const lines: string[] = [];
  const write = (message: string) => void lines.push(message);
  const logger = new RateLimitedLogger(
    { log: write, warn: write, error: write },
    { now: () => 0, monotonic: () => time, schedule: () => () => {} },
  );
  const pass = (ms: number) => void (time += ms);
  return { logger, lines, pass };
}

test('the first line of a kind goes at once, those of the next ten seconds are counted', () => {
  const { logger, lines, pass } = start();
  for (let n = 0; n < 5; n++) logger.warn('a', () => `a${n}`);
  logger.error('b', () => 'b');
  expect(lines).toEqual(['a0', 'b']);
  pass(10_000);
  logger.warn('a', () => 'a5');
  expect(lines.at(-1)).toBe('a5 (and 4 like it since the last such line)');
});

test('a line that is held back is not even made', () => {
  const { logger } = start();
  logger.warn('a', () => 'a');
  logger.warn('a', () => {
    throw new Error('made');
  });
});

test('a logger that throws harms nothing', () => {
  const broken = () => {
    throw new Error('the worker has exited');
  };
  const logger = new RateLimitedLogger(
    { log: broken, warn: broken, error: broken },
    { now: () => 0, monotonic: () => 0, schedule: () => () => {} },
  );
  expect(() => logger.error('a', () => 'a')).not.toThrow();
});
