import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, readAnswer } from './read-answer.js';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

const read = (
  status: number,
  {
    body = '',
    size = 3,
    headers = {},
  }: { body?: unknown; size?: number; headers?: Record<string, string> } = {},
): Answer =>
  readAnswer(
    {
      status,
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    },
    size,
    NOW,
  );

const invalids = (...list: unknown[]) => ({
  title: 'Bad Request',
  status: 400,
  timestamp: '2026-01-02T03:04:05.000Z',
  detail: { invalids: list },
});

describe.each([200, 201, 202, 204, 299])('a %i', (status) => {
  it.each([
    '',
    ' \r\n',
    '{"title":"Accepted","status":202}',
    '\n {}',
    '[]',
    'null',
    '5',
    '"text"',
    '{"title":"Acc',
    '{',
  ])('is an acknowledgement if its body is %j', (body) => {
    expect(read(status, { body })).toEqual({ kind: 'accepted' });
  });

  it.each([
    '<!doctype html><title>Log in</title>',
    '<html>',
    '\uFEFF<html>',
    ' <a/>',
    'OK',
    'nil',
    "'text'",
    '\0'.repeat(10),
    'x'.repeat(256 * 1024),
  ])('is not from ODP if its body is %.40j', (body) => {
    expect(read(status, { body })).toEqual({ kind: 'misconfigured' });
  });
});

describe.each([
  [
    [300, 301, 302, 303, 304, 307, 308, 399, 401, 402, 403, 404, 405, 409, 410],
    'misconfigured',
  ],
  [[400, 413, 415, 422], 'refused'],
  [[408, 425, 429, 500, 501, 502, 503, 504, 520, 599], 'unavailable'],
])('the statuses %j', (statuses, kind) => {
  it.each(statuses)(`%i means ${kind}, whatever the body`, (status) => {
    for (const body of [
      '',
      '<html>',
      '{',
      'null',
      '[]',
      '5',
      '"text"',
      '{"detail":null}',
      '{"detail":"text"}',
      '{"detail":{"invalids":null}}',
      '{"detail":{"invalids":{"0":1}}}',
      '\0'.repeat(10),
    ]) {
      expect(read(status, { body }).kind).toBe(kind);
    }
  });
});

it('a 1xx acknowledges nothing', () => {
  expect(read(199).kind).toBe('misconfigured');
});

it('no status is without a meaning', () => {
  const kinds = Array.from({ length: 500 }, (_, i) => read(i + 100).kind);
  expect(new Set(kinds)).toEqual(
    new Set(['accepted', 'misconfigured', 'refused', 'unavailable']),
  );
});

describe('a 400 that names events', () => {
  it('names which and why', () => {
    expect(
      read(400, {
        body: invalids(
          { event: 0, message: "missing 'type' field" },
          { event: 2, message: 'too old', extra: true },
        ),
      }),
    ).toEqual({
      kind: 'invalid',
      invalids: [
        { index: 0, message: "missing 'type' field" },
        { index: 2, message: 'too old' },
      ],
    });
  });

  it('takes the first of what it says twice', () => {
    expect(
      read(400, {
        body: invalids(
          { event: 1, message: 'first' },
          { event: 1, message: 'second' },
        ),
      }),
    ).toEqual({ kind: 'invalid', invalids: [{ index: 1, message: 'first' }] });
  });

  it.each([
    -1,
    3,
    0.5,
    '0',
    null,
    true,
    [0],
    { index: 0 },
    1e300,
    Number.MAX_SAFE_INTEGER,
    undefined,
  ])('passes over the place %j, which is none', (event) => {
    const wrong = { event, message: 'x' };
    expect(read(400, { body: invalids(wrong) }).kind).toBe('refused');
    expect(
      read(400, { body: invalids(null, 5, 'x', wrong, { event: 2 }) }),
    ).toEqual({ kind: 'invalid', invalids: [{ index: 2, message: '' }] });
  });

  it.each([[undefined], [null], [5], [{}], [['a']]])(
    'has no words for the message %j',
    (message) => {
      expect(read(400, { body: invalids({ event: 0, message }) })).toEqual({
        kind: 'invalid',
        invalids: [{ index: 0, message: '' }],
      });
    },
  );

  it('bears as many as a body can hold', () => {
    const list = Array.from({ length: 20_000 }, (_, i) => ({
      event: i % 1000,
      message: 'm'.repeat(5),
    }));
    const answer = read(400, { body: invalids(...list), size: 500 });
    expect(answer.kind === 'invalid' && answer.invalids).toHaveLength(500);
  });

  it('leaves messages whole but for control characters', () => {
    const answer = read(400, {
      body: invalids(
        { event: 0, message: 'm'.repeat(5000) },
        { event: 1, message: 'a\nb\r\0c\u001b[31m' },
      ),
    });
    expect(answer).toEqual({
      kind: 'invalid',
      invalids: [
        { index: 0, message: 'm'.repeat(5000) },
        { index: 1, message: 'a b  c [31m' },
      ],
    });
  });

  it('is one only with the status 400', () => {
    for (const status of [413, 415, 422]) {
      expect(
        read(status, { body: invalids({ event: 0, message: 'x' }) }).kind,
      ).toBe('refused');
    }
  });

  it('names events of the batch only, each once', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({
              event: fc.oneof(fc.integer({ min: -3, max: 8 }), fc.double()),
              message: fc.oneof(fc.string(), fc.jsonValue()),
            }),
            fc.jsonValue(),
          ),
        ),
        fc.integer({ min: 1, max: 5 }),
        (list, size) => {
          const answer = read(400, { body: invalids(...list), size });
          if (answer.kind !== 'invalid') {
            expect(answer.kind).toBe('refused');
            return;
          }
          const indexes = answer.invalids.map(({ index }) => index);
          expect(new Set(indexes).size).toBe(indexes.length);
          for (const { index, message } of answer.invalids) {
            expect(Number.isInteger(index) && index >= 0 && index < size).toBe(
              true,
            );
            expect(typeof message).toBe('string');
          }
        },
      ),
    );
  });
});

describe('a refusal', () => {
  it.each<[unknown, string]>([
    [
      { detail: { message: 'Unable to parse request body.' } },
      'Unable to parse request body.',
    ],
    [{ message: 'Too large' }, 'Too large'],
    [{ detail: null, message: 'Too large' }, 'Too large'],
    [{ detail: { message: 5 } }, ''],
    [{ detail: {}, message: 'outer' }, ''],
    ['<html>413</html>', ''],
    ['', ''],
  ])('of %j gives the reason %j', (body, reason) => {
    expect(read(413, { body })).toMatchObject({ kind: 'refused', reason });
  });

  it.each<[unknown, boolean]>([
    [{ detail: { message: 'no' } }, true],
    [{ detail: {} }, true],
    [{ title: 'Bad Request', timestamp: '2026-01-02T03:04:05.000Z' }, true],
    [{ title: 'Bad Request', status: 400, detail: 'of a proxy' }, false],
    [{ message: 'Forbidden' }, false],
    [{ detail: null }, false],
    ['<html>400</html>', false],
    ['', false],
    ['null', false],
    ['"detail"', false],
  ])('with the body %j is from ODP: %s', (body, fromOdp) => {
    expect(read(400, { body })).toMatchObject({ kind: 'refused', fromOdp });
  });
});

describe('Retry-After', () => {
  const headers = { 'retry-after': '7' };

  it.each([429, 503])('is heard with %i', (status) => {
    expect(read(status, { headers })).toEqual({
      kind: 'unavailable',
      retryAfter: 7000,
    });
    expect(
      read(status, {
        headers: { 'retry-after': new Date(NOW + 9000).toUTCString() },
      }),
    ).toEqual({ kind: 'unavailable', retryAfter: 9000 });
  });

  it.each([408, 425, 500, 502, 504])('is not heard with %i', (status) => {
    expect(read(status, { headers })).toEqual({
      kind: 'unavailable',
      retryAfter: undefined,
    });
  });
});

it('whatever comes back, it reads it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 599 }),
      fc.oneof(fc.string(), fc.json()),
      fc.dictionary(fc.constant('retry-after'), fc.string()),
      (status, body, headers) => {
        expect(read(status, { body, headers }).kind).toMatch(/^[a-z]+$/);
      },
    ),
  );
});
