import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.js';

describe('parseDuration', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [250, 250],
    [1.5, 1.5],
    ['0', 0],
    ['250', 250],
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1500],
    ['2.25s', 2250],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    [' 30 s ', 30_000],
  ])('reads %j as %d ms', (value, ms) => {
    expect(parseDuration(value)).toBe(ms);
  });

  it.each([
    '',
    ' ',
    's',
    '-1s',
    '+1s',
    '1e3',
    '.5s',
    '1.s',
    '30S',
    '30 sec',
    '5min',
    '1h30m',
    '1,5s',
    '0x10',
    'Infinity',
    `${'9'.repeat(400)}d`,
    -1,
    NaN,
    Infinity,
    5n,
    true,
    null,
    undefined,
    {},
    ['5s'],
    new Date(5),
  ])('finds no time span in %o', (value) => {
    expect(parseDuration(value)).toBeUndefined();
  });

  it('is never negative or endless', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double()), (value) => {
        const ms = parseDuration(value);
        expect(ms === undefined || (ms >= 0 && Number.isFinite(ms))).toBe(true);
      }),
    );
  });
});
