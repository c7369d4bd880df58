import { expect, it } from 'vitest';
import { odpEventSchema } from './event-schema.js';
import { MAX_EVENT_LENGTH, TOO_LONG } from './rules/length.js';

const check = (value: unknown) => {
  const result = odpEventSchema['~standard'].validate(value) as {
    value?: unknown;
    issues?: readonly { path: readonly unknown[]; message: string }[];
  };
  return result.issues ?? result.value;
};

it('takes an event as it is, without identifiers, too', () => {
  for (const event of [
    { action: 'a' },
    { type: 't', action: 'a', identifiers: { email: 'x' }, data: { a: 1 } },
  ]) {
    expect(check(event)).toBe(event);
  }
});

it.each<[unknown, unknown[], RegExp]>([
  [5, [], /^must be an object/],
  [{ action: '' }, ['action'], /^must be .* not blank/],
  [{ action: 'a', type: 5 }, ['type'], /^must be a string/],
  [
    { action: 'a', identifiers: { email: 5 } },
    ['identifiers', 'email'],
    /string/,
  ],
  [{ action: 'a', data: { a: {} } }, ['data', 'a'], /object or list/],
  [{ action: 'a', data: { a12: {} } }, ['data', 'a12'], /object or list/],
  [
    {
      action: 'a',
      data: {
        order: {
          order_id: 1,
          items: Array.from({ length: 12 }, (_, i) =>
            i === 11 ? { product_id: null } : { product_id: i },
          ),
        },
      },
    },
    ['data', 'order', 'items', 11, 'product_id'],
    /is required/,
  ],
])('says where %j is wrong', (event, path, message) => {
  expect(check(event)).toEqual([
    { path, message: expect.stringMatching(message) as string },
  ]);
});

it('does not repeat a name that may be anything', () => {
  const issues = check({ action: 'a', data: { 'a b': {} } });
  expect(issues).toEqual([
    {
      path: ['data'],
      message: expect.stringMatching(
        /^has a field, of a name of 3 characters, that must be a string/,
      ) as string,
    },
  ]);
});

it('takes what fits into an event, and no more', () => {
  const event = (size: number) => ({
    action: 'a',
    data: { a: 'x'.repeat(size) },
  });
  const rest = JSON.stringify({
    type: 'fullstack',
    action: 'a',
    identifiers: {},
    data: { a: '' },
  }).length;
  const longest = event(MAX_EVENT_LENGTH - rest);
  expect(check(longest)).toBe(longest);
  expect(check(event(MAX_EVENT_LENGTH - rest + 1))).toEqual([
    { path: [], message: TOO_LONG },
  ]);
  // What is broken would not be sent, and its size says nothing.
  const broken = { ...event(MAX_EVENT_LENGTH), type: 5 };
  expect(check(broken)).toMatchObject([{ path: ['type'] }]);
});
