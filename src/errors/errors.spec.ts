import { describe, expect, it } from 'vitest';
import * as errors from './index.js';

const { OdpError } = errors;

const all = [
  [new errors.OdpNotReadyError(), 'OdpNotReadyError', 'sdkNotReady'],
  [
    new errors.OdpNotIntegratedError(),
    'OdpNotIntegratedError',
    'odpNotIntegrated',
  ],
  [new errors.OdpNotEnabledError(), 'OdpNotEnabledError', 'odpNotEnabled'],
  [new errors.OdpValidationError([]), 'OdpValidationError', 'invalidEvent'],
  [
    new errors.OdpConfigurationError([]),
    'OdpConfigurationError',
    'invalidConfiguration',
  ],
  [new errors.OdpOutboxFullError(5), 'OdpOutboxFullError', 'outboxFull'],
  [
    new errors.OdpOutboxError('The disk is full.'),
    'OdpOutboxError',
    'outboxFailed',
  ],
  [new errors.OdpRejectedError(400, 'why'), 'OdpRejectedError', 'rejected'],
  [new errors.OdpExpiredError(1000), 'OdpExpiredError', 'expired'],
  [new errors.OdpErasedError(), 'OdpErasedError', 'erased'],
  [new errors.OdpTimeoutError('No answer.'), 'OdpTimeoutError', 'timeout'],
  [
    new errors.OdpApiError('GET /v3/lists', {
      status: 404,
      reason: 'status 404',
    }),
    'OdpApiError',
    'apiFailed',
  ],
  [
    new errors.OdpSegmentsError({ status: undefined, reason: 'ECONNREFUSED' }),
    'OdpSegmentsError',
    'segmentsFailed',
  ],
  [
    new errors.OdpCustomersError(
      { status: 400, reason: 'status 400' },
      { updated: 0, invalids: [], failed: [] },
    ),
    'OdpCustomersError',
    'customersFailed',
  ],
] as const;

describe.each(all)('%o', (error, name, code) => {
  it(`is an OdpError with the code ${code} and its own name`, () => {
    expect(error).toBeInstanceOf(OdpError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name, code });
    expect(error.stack).toContain(name);
  });

  it('is a sentence that ends', () => {
    expect(error.message).toMatch(/^\S.*\.$/s);
    expect(error.message).not.toMatch(/undefined|null|NaN|\[object|\.\./);
  });
});

it('covers every error that the package exports', () => {
  const exported = Object.keys(errors).filter((name) => name !== 'OdpError');
  expect(all.map(([, name]) => name as string).sort()).toEqual(exported.sort());
});

describe('OdpOutboxFullError', () => {
  it('names the capacity if it is known', () => {
    expect(new errors.OdpOutboxFullError(50_000).message).toContain('50000');
    expect(new errors.OdpOutboxFullError(undefined).message).not.toContain(
      'undefined',
    );
  });
});

describe('OdpRejectedError', () => {
  it('leaves out a reason that ODP did not give', () => {
    expect(new errors.OdpRejectedError(413, '').message).toContain(
      'status 413.',
    );
    expect(new errors.OdpRejectedError(400, 'no type').message).toContain(
      'status 400 (no type).',
    );
  });
});

describe('OdpValidationError', () => {
  const violation = { path: 'data.a', message: 'must be text' };

  it('names what is wrong and where', () => {
    expect(
      new errors.OdpValidationError([
        violation,
        { path: 'action', message: 'must not be blank' },
      ]).message,
    ).toContain('(data.a must be text; action must not be blank)');
  });

  it('holds all, and names so many that a log can bear', () => {
    const error = new errors.OdpValidationError(
      Array.from({ length: 10_000 }, () => violation),
    );
    expect(error.violations).toHaveLength(10_000);
    expect(error.message).toContain('and 9980 more)');
    expect(error.message.length).toBeLessThan(1000);
  });
});

it('a cause stays with its error', () => {
  const cause = new Error('ENOSPC');
  expect(new errors.OdpOutboxError('The disk is full.', { cause }).cause).toBe(
    cause,
  );
});
