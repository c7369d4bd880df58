import { describe, expect, it } from 'vitest';
import {
  copyIdentifiers,
  countIdentifiers,
  fillIn,
  writeIdentifiers,
  writeOwnIdentifiers,
} from './identifiers.js';
import { JsonWriter } from './json-writer.js';
import { MAX_EVENT_LENGTH, TOO_LONG } from './length.js';
import type { Violations } from './read-fields.js';
import { BAD_NAME } from './text.js';

function copied(value: unknown, allowPlaceholders?: boolean) {
  const violations: Violations = [];
  const identifiers = copyIdentifiers(
    value,
    'identifiers',
    violations,
    allowPlaceholders,
  );
  return {
    identifiers,
    problems: violations.map(({ path, message }) => `${path} ${message}`),
  };
}

function written(write: (json: JsonWriter, violations: Violations) => void): {
  json: unknown;
  problems: string[];
} {
  const violations: Violations = [];
  const json = new JsonWriter();
  json.begin();
  write(json, violations);
  return {
    json: JSON.parse(json.end() ?? 'null'),
    problems: violations.map(({ path, message }) => `${path} ${message}`),
  };
}

describe('copyIdentifiers', () => {
  it.each<[unknown, object]>([
    [undefined, {}],
    [null, {}],
    [{ email: ' ada@example.com\u200b' }, { email: 'ada@example.com' }],
    [
      { email: 'a', vuid: undefined, phone: null, zaius_id: ' \t' },
      { email: 'a' },
    ],
    [Object.create({ email: 'inherited' }), {}],
  ])('takes %j as %j', (value, identifiers) => {
    expect(copied(value)).toEqual({ identifiers, problems: [] });
  });

  it.each<[object, string]>([
    [{ email: 5 }, 'identifiers.email must be a string, not a number'],
    [
      { email: ['a'] },
      'identifiers.email must be a string, not an object or list',
    ],
    [{ email: '\ud800' }, 'identifiers.email must be well-formed Unicode'],
    [
      { email: 'x'.repeat(MAX_EVENT_LENGTH + 1) },
      `identifiers.email ${TOO_LONG}`,
    ],
    [{ ' email': 'a' }, `identifiers ${BAD_NAME}`],
    [
      { email: 'NaN' },
      'identifiers.email must not be NaN, which stands for a missing value; leave it out, or set allowPlaceholderIdentifiers if it is a real value',
    ],
  ])('reports what is wrong with an identifier', (value, problem) => {
    expect(copied(value).problems).toEqual([problem]);
  });

  it.each(['undefined', 'null', 'NaN', '[object Object]', ' null '])(
    'takes %j only if it may',
    (value) => {
      expect(copied({ email: value }).problems).toHaveLength(1);
      expect(copied({ email: value }, true)).toEqual({
        identifiers: { email: value.trim() },
        problems: [],
      });
    },
  );

  it('does not take a text of the longest length for too long', () => {
    const email = 'x'.repeat(MAX_EVENT_LENGTH);
    expect(copied({ email })).toEqual({ identifiers: { email }, problems: [] });
  });

  it.each<[object, object]>([
    [{ 'fs-user-id': ' 1 ' }, { fs_user_id: '1' }],
    [{ FS_USER_ID: '1', 'Fs-User-Id': '2' }, { fs_user_id: '1' }],
    [{ 'FS-USER-ID': '1', fs_user_id: '2' }, { fs_user_id: '2' }],
    [{ fs_user_ix: '1' }, { fs_user_ix: '1' }],
  ])('brings %j to %j', (value, identifiers) => {
    expect(copied(value)).toEqual({ identifiers, problems: [] });
  });
});

describe('the identifiers of an event', () => {
  const write = (
    own: unknown,
    caller?: Record<string, string>,
    may?: boolean,
  ) =>
    written((json, violations) =>
      writeIdentifiers(own, 'identifiers', violations, json, caller, may),
    );
  const NOBODY =
    'identifiers must hold at least one identifier that is a non-blank string';

  it('are completed by those of the caller', () => {
    expect(write({ email: 'a' }, { email: 'a', vuid: 'v' })).toEqual({
      json: { email: 'a', vuid: 'v' },
      problems: [],
    });
    expect(write(undefined, { vuid: 'v' })).toEqual({
      json: { vuid: 'v' },
      problems: [],
    });
  });

  it('are written once each', () => {
    const json = new JsonWriter();
    json.begin();
    const caller = { email: 'a', vuid: 'v' };
    writeIdentifiers({ email: 'a' }, 'identifiers', [], json, caller);
    expect(json.end()).toBe('{"email":"a","vuid":"v"}');
  });

  it.each(['everybody', 'null'])(
    'are never what all objects have, such as %j',
    (value) => {
      const ofAll = { value, enumerable: true, configurable: true };
      // oxlint-disable-next-line no-extend-native -- as a careless library might
      Object.defineProperty(Object.prototype, 'crm_id', ofAll);
      const some = write({ email: 'a' }, { vuid: 'v' });
      const none = write({}, {});
      Reflect.deleteProperty(Object.prototype, 'crm_id');
      expect(some).toEqual({ json: { email: 'a', vuid: 'v' }, problems: [] });
      expect(none.problems).toEqual([NOBODY]);
    },
  );

  it('are needed, and those that are empty are named', () => {
    expect(write({}).problems).toEqual([NOBODY]);
    expect(write({ email: '', vuid: null, phone: undefined }).problems).toEqual(
      [
        NOBODY,
        'identifiers.email is blank',
        'identifiers.vuid is null',
        'identifiers.phone is undefined',
      ],
    );
    const many = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`id_${i}`, '']),
    );
    expect(write(many).problems).toHaveLength(6);
  });

  it('that are broken are reported once', () => {
    expect(write({ email: 5 }).problems).toHaveLength(1);
    expect(write({ email: 'null' }).problems).toHaveLength(1);
    expect(write({ email: 'null' }, undefined, true).problems).toEqual([]);
  });

  it('may be missing if the caller has some', () => {
    const own = (value: unknown) =>
      written((json, violations) =>
        writeOwnIdentifiers(value, 'identifiers', violations, json),
      );
    expect(own(undefined)).toEqual({ json: {}, problems: [] });
    expect(own({ email: 'a' })).toEqual({ json: { email: 'a' }, problems: [] });
    expect(own({ email: 'null' }).problems).toHaveLength(1);
  });
});

describe('fillIn', () => {
  it.each<[Record<string, string>, Record<string, string>, object]>([
    [{ email: 'a' }, { vuid: 'v' }, { email: 'a', vuid: 'v' }],
    [{ email: 'a' }, { email: 'a', vuid: 'v' }, { email: 'a', vuid: 'v' }],
    [{ email: 'b' }, { email: 'a', vuid: 'v' }, { email: 'b' }],
    [{ crm_id: '1' }, { 'CRM-ID': '2', vuid: 'v' }, { crm_id: '1' }],
    [
      { crm_id: '1' },
      { 'CRM-ID': '1', vuid: 'v' },
      { crm_id: '1', 'CRM-ID': '1', vuid: 'v' },
    ],
    [{ crm_id: '1' }, { crm_ix: '2' }, { crm_id: '1', crm_ix: '2' }],
  ])('%j, called by %j, is about %j', (own, caller, all) => {
    expect(fillIn(own, caller)).toEqual(all);
  });
});

describe('countIdentifiers', () => {
  it.each<[unknown, unknown, number]>([
    [undefined, undefined, 0],
    [{ email: 'a', vuid: '' }, undefined, 1],
    [{ email: 'a' }, { vuid: 'v' }, 2],
    [{ email: 'a' }, { email: 'b', vuid: 'v' }, 1],
    [{ email: 5 }, undefined, Infinity],
    [{ email: 'a' }, { vuid: 5 }, Infinity],
  ])('of %j, called by %j: %d', (own, caller, count) => {
    expect(countIdentifiers(own, caller)).toBe(count);
  });
});
