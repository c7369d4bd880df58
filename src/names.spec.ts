import { expect, test } from 'vitest';
import { isName, nameOfThrown } from './names.js';

test.each([
  ['RangeError', 'RangeError'],
  ['PrismaClientKnownRequestError', 'PrismaClientKnownRequestError'],
  ['ada@example.com', 'an error'],
  ['+4917012345', 'an error'],
  ['4917012345', 'an error'],
  ['Error\n[Nest] forged', 'an error'],
  ['x'.repeat(65), 'an error'],
  [['ada@example.com'], 'an error'],
  [undefined, 'an error'],
])('an error named %j is told as %s', (name, expected) => {
  const error = new Error('no');
  Object.defineProperty(error, 'name', { value: name });
  expect(nameOfThrown(error)).toBe(expected);
});

test.each(['ada@example.com', undefined, null, 5])(
  '%j is no error',
  (thrown) => {
    expect(nameOfThrown(thrown)).toBe('something other than an Error');
  },
);

test('what cannot be read is an error', () => {
  const throwing = Object.defineProperty(new Error('no'), 'name', {
    get: () => {
      throw new Error('no');
    },
  });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(nameOfThrown(throwing)).toBe('an error');
  expect(nameOfThrown(proxy)).toBe('an error');
});

test.each(['email', 'fs_user_id', 'fs-user-id', '$set', '_x'])(
  '%s is a name',
  (text) => expect(isName(text)).toBe(true),
);

test.each(['', 'a b', 'a.b', 'größe', 'e@x.org', '49170'])(
  '%o is none',
  (text) => expect(isName(text)).toBe(false),
);
