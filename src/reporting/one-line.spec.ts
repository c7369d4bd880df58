import { expect, test } from 'vitest';
import { factsOf, oneLine } from './one-line.js';

test.each([
  ['a\nb', String.raw`a\u{a}b`],
  ['a\r\nb', String.raw`a\u{d}\u{a}b`],
  ['a\0b\u001b[31m', String.raw`a\u{0}b\u{1b}[31m`],
  ['a\u0085b\u2028c\u2029d', String.raw`a\u{85}b\u{2028}c\u{2029}d`],
  ['a\u202Eb', String.raw`a\u{202e}b`],
  ['a\uD800b', String.raw`a\u{d800}b`],
  ['Zoë 東京 😀', 'Zoë 東京 😀'],
])('%j becomes one line that shows what it holds', (text, line) => {
  expect(oneLine(text)).toBe(line);
});

test('no value passes for another fact', () => {
  expect(
    factsOf({
      account: 'default',
      id: 'x] ok [account=emea',
      blank: '',
      status: 400,
      none: undefined,
    }),
  ).toBe('[account=default id="x] ok [account=emea" blank="" status=400]');
});
