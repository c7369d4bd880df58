import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCookies } from './cookies.js';

describe('parseCookies', () => {
  test.each([
    ['a=1', { a: '1' }],
    ['a=1; b=2;c=3', { a: '1', b: '2', c: '3' }],
    ['  a = 1 ', { a: '1' }],
    ['a=b=c', { a: 'b=c' }],
    ['a="quoted"', { a: 'quoted' }],
    ['a=%20x', { a: ' x' }],
    ['a=', { a: '' }],
    ['a=first; a=second', { a: 'first' }],
    ['broken=%zz; a=1', { a: '1' }],
    ['no value; a=1; =nameless', { a: '1' }],
    ['constructor=own; toString=own', { constructor: 'own', toString: 'own' }],
    ['__proto__=x; a=1', { a: '1' }],
    ['', {}],
    [undefined, {}],
    [null, {}],
    [42, {}],
    [{ toString: 'odd' }, {}],
    [['a=1', 'b=2', 3], { a: '1', b: '2' }],
  ])('%j', (header, expected) => {
    expect(parseCookies(header)).toEqual(expected);
  });

  const name = fc
    .stringMatching(/^[\w.-]{1,20}$/)
    .filter((one) => one !== '__proto__');

  test('returns the cookies that a browser was given', () => {
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.string({ unit: 'grapheme' })),
        (cookies) => {
          const header = Object.entries(cookies)
            .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
            .join('; ');
          // A value in quotes is one that quotes were put around.
          expect(parseCookies(header)).toEqual({ ...cookies });
        },
      ),
    );
  });

  test('never throws, and holds nothing but text', () => {
    fc.assert(
      fc.property(fc.anything(), (header) => {
        for (const value of Object.values(parseCookies(header))) {
          expect(typeof value).toBe('string');
        }
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        parseCookies(header);
      }),
    );
  });
});
