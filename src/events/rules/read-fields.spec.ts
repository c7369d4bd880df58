import { expect, it } from 'vitest';
import { readFields } from './read-fields.js';

const tag = { [Symbol.toStringTag]: 'Order' };

it.each([
  ['a plain object', { a: 1 }],
  ['one that calls itself something else', { a: 1, ...tag }],
  ['one without a prototype', Object.assign(Object.create(null), { a: 1 })],
  [
    'one without a prototype that calls itself something else',
    Object.assign(Object.create(null), { a: 1, ...tag }),
  ],
] as [string, unknown][])('reads the fields of %s', (_, value) => {
  const violations: { path: string; message: string }[] = [];
  expect(Object.keys(readFields(value, 'data', violations) ?? {})).toEqual([
    'a',
  ]);
  expect(violations).toEqual([]);
});

it.each([null, undefined, 5, 'text', true, () => {}, [1], new Date(0)])(
  'finds no fields in %o',
  (value) => {
    const violations: { path: string; message: string }[] = [];
    expect(readFields(value, 'data', violations)).toBeUndefined();
    expect(violations).toEqual([
      { path: 'data', message: 'must be an object of fields and values' },
    ]);
  },
);
