import { describe, expect, it } from 'vitest';
import { parseSize } from './size.js';

describe('parseSize', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [1024, 1024],
    [1.9, 1],
    ['250', 250],
    ['250b', 250],
    ['1kb', 1024],
    ['1.5mb', 1_572_864],
    ['2.25kb', 2304],
    ['256MB', 268_435_456],
    [' 2 gb ', 2_147_483_648],
  ])('reads %j as %d bytes', (value, bytes) => {
    expect(parseSize(value)).toBe(bytes);
  });

  it.each([
    '',
    'mb',
    '-1mb',
    '1e3',
    '1 megabyte',
    '1mib',
    '1tb',
    '1,5mb',
    'Infinity',
    `${'9'.repeat(400)}gb`,
    -1,
    Number.NaN,
    Infinity,
    null,
    undefined,
    true,
    {},
  ])('refuses %j', (value) => {
    expect(parseSize(value)).toBeUndefined();
  });
});
