import { describe, expect, it } from 'vitest';
import { checkAction, checkType, MAX_NAME_LENGTH } from './names.js';
import type { Violations } from './read-fields.js';

function checked(
  check: (value: unknown, violations: Violations) => string,
  value: unknown,
) {
  const violations: Violations = [];
  return { name: check(value, violations), violations };
}

it.each([undefined, null, '', ' ', '\u200b'])(
  'an event of type %j is one of fullstack',
  (value) => {
    expect(checked(checkType, value)).toEqual({
      name: 'fullstack',
      violations: [],
    });
  },
);

it.each([undefined, null, '', ' ', '\u200b'])('no action is %j', (value) => {
  expect(checked(checkAction, value)).toEqual({
    name: '',
    violations: [
      { path: 'action', message: 'must be a string that is not blank' },
    ],
  });
});

describe.each([
  ['type', checkType],
  ['action', checkAction],
])('%s', (path, check) => {
  it.each(['purchase', ' as it is ', '購入', 'x'.repeat(MAX_NAME_LENGTH)])(
    'may be %j',
    (value) => {
      expect(checked(check, value)).toEqual({ name: value, violations: [] });
    },
  );

  it.each([
    [5, 'must be a string that is not blank'],
    [{}, 'must be a string that is not blank'],
    ['x'.repeat(MAX_NAME_LENGTH + 1), 'must have at most 1024 characters'],
    ['half \ud83d', 'must be well-formed Unicode'],
  ])('may not be %j', (value, message) => {
    expect(checked(check, value)).toEqual({
      name: '',
      violations: [{ path, message }],
    });
  });
});
