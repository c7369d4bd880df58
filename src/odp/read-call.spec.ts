import { describe, expect, it } from 'vitest';
import { MAX_ANSWER_BYTES, noAnswer, readCall } from './read-call.js';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

const read = (status: number, body = '', headers = {}) =>
  readCall({ status, headers, body }, () => ['ada@example.com'], NOW);

describe('a 2xx', () => {
  it.each([200, 202, 204, 299])('%d is the answer', (status) => {
    expect(read(status, '{"a":1}')).toEqual({ status, body: { a: 1 } });
  });

  it.each(['', ' \r\n'])('has no value if its body is %j', (body) => {
    expect(read(200, body)).toEqual({ status: 200, body: undefined });
  });

  it('with anything but JSON is what a proxy answered, and is not asked for again', () => {
    expect(read(200, '<html>')).toEqual({
      status: 200,
      problem: 'status 200, but no JSON: a proxy answered',
      message: '',
      body: '<html>',
      repeat: 'never',
      retryAfter: undefined,
    });
  });
});

it.each([
  [199, 'never'],
  [300, 'never'],
  [400, 'never'],
  [401, 'never'],
  [404, 'never'],
  [408, 'idempotent'],
  [425, 'idempotent'],
  [429, 'always'],
  [499, 'never'],
  [500, 'idempotent'],
  [502, 'idempotent'],
  [503, 'idempotent'],
  [504, 'idempotent'],
])('%d is a failure that may be repeated: %s', (status, repeat) => {
  expect(read(status)).toEqual({
    status,
    problem: `status ${status}`,
    message: '',
    body: '',
    repeat,
    retryAfter: undefined,
  });
});

it.each([429, 503])('%d may say how long to wait', (status) => {
  expect(read(status, '', { 'retry-after': '7' })).toMatchObject({
    retryAfter: 7000,
  });
  const date = new Date(NOW + 9000).toUTCString();
  expect(read(status, '', { 'retry-after': date })).toMatchObject({
    retryAfter: 9000,
  });
});

it.each([408, 500])('%d may not', (status) => {
  expect(read(status, '', { 'retry-after': '7' })).toMatchObject({
    retryAfter: undefined,
  });
});

it.each([400, 429, 500, 503])(
  "%d: ODP's words without what was sent",
  (status) => {
    const message = 'No customer ada@example.com.';
    for (const body of [{ message }, { detail: { message } }]) {
      expect(read(status, JSON.stringify(body))).toMatchObject({
        message: 'No customer [identifier]',
        body: JSON.stringify(body),
      });
    }
  },
);

it('an answer is bounded', () => {
  const text = (bytes: number) => JSON.stringify('ü'.repeat(bytes / 2 - 1));
  expect(read(200, text(MAX_ANSWER_BYTES))).not.toHaveProperty('problem');
  expect(read(200, text(MAX_ANSWER_BYTES + 2))).toMatchObject({
    problem: `an answer of more than ${8 * 1024 * 1024} bytes`,
    repeat: 'never',
  });
});

it.each([
  ['ECONNREFUSED', 'always'],
  ['ENOTFOUND', 'always'],
  ['EAI_AGAIN', 'always'],
  ['EHOSTUNREACH', 'always'],
  ['ENETUNREACH', 'always'],
  ['ECONNRESET', 'idempotent'],
  ['no answer within 100 ms', 'idempotent'],
])('no answer because of %s may be repeated: %s', (reason, repeat) => {
  expect(noAnswer(reason)).toEqual({
    status: undefined,
    problem: reason,
    message: '',
    body: '',
    repeat,
    retryAfter: undefined,
  });
});
