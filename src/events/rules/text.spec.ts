import { describe, expect, it } from 'vitest';
import { isBlank, isFieldName, trimInvisible } from './text.js';

describe('isBlank', () => {
  it.each(['', ' ', '\t\n', '\u200b', ' \u00ad\u2060 ', '\u{e0020}'])(
    'sees nothing in %j',
    (text) => {
      expect(isBlank(text)).toBe(true);
    },
  );

  it.each(['!', '~', 'a', ' a', 'é', '\u200bé', '\u007f', '😀', '\0'])(
    'sees something in %j',
    (text) => {
      expect(isBlank(text)).toBe(false);
    },
  );
});

describe('trimInvisible', () => {
  it.each([
    [' a ', 'a'],
    ['\u200b\ta b\u00ad\n', 'a b'],
    [' \u200b ', ''],
    ['', ''],
    // What begins and ends beyond ASCII is as visible, whatever lies within.
    ['Éva', 'Éva'],
    ['é ! \u200b é', 'é ! \u200b é'],
    [' 日本 語 ', '日本 語'],
    ['!~', '!~'],
  ])('makes of %j %j', (text, trimmed) => {
    expect(trimInvisible(text)).toBe(trimmed);
  });
});

describe('isFieldName', () => {
  it.each(['a', 'email', 'fs-user-id', 'a_1', '1', '_a', 'Größe', 'a b', '"'])(
    'takes %j',
    (name) => {
      expect(isFieldName(name)).toBe(true);
    },
  );

  it.each([
    '',
    ' ',
    ' a',
    'a ',
    'a\n',
    '\u00a0é',
    'é\u2003',
    'a\u200bb',
    '\u00ad1',
    '__proto__',
    '\ud800',
    'a\udfff',
  ])('refuses %j', (name) => {
    expect(isFieldName(name)).toBe(false);
  });
});
