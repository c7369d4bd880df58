import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from './retry-after.js';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const FIVE_MINUTES = 300_000;
const after = (ms: number) => new Date(NOW + ms).toUTCString();

describe('parseRetryAfter', () => {
  it.each<[string, number]>([
    ['1', 1000],
    [' 120 ', 120_000],
    ['300', FIVE_MINUTES],
    ['301', FIVE_MINUTES],
    ['9'.repeat(400), FIVE_MINUTES],
    [after(30_000), 30_000],
    [after(86_400_000), FIVE_MINUTES],
    ['Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    ['Friday, 02-Jan-26 03:04:35 GMT', 30_000],
    ['2026-01-02T03:04:35Z', 30_000],
  ])('reads %j as %d ms', (value, wait) => {
    expect(parseRetryAfter(value, NOW)).toBe(wait);
  });

  it.each([
    ['absent', undefined],
    ['zero', '0'],
    ['now', after(0)],
    ['past', after(-60_000)],
    ['long past', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ])('leaves the pause to backoff when it is %s', (_case, value) => {
    expect(parseRetryAfter(value, NOW)).toBeUndefined();
  });

  it.each([
    '',
    '-5',
    '+5',
    '1.5',
    '5s',
    'soon 5',
    '1e3',
    '0x10',
    '1, 2',
    'Fri, 99 Jan 2026 99:99:99 GMT',
    '12:00:00',
  ])('finds nothing in %j', (value) => {
    expect(parseRetryAfter(value, NOW)).toBeUndefined();
  });

  it('is undefined, or a wait from 0 to 5 minutes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.double().map(String),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (value) => {
          const wait = parseRetryAfter(value, NOW) ?? 1;
          expect(wait).toBeGreaterThan(0);
          expect(wait).toBeLessThanOrEqual(FIVE_MINUTES);
        },
      ),
    );
  });
});
