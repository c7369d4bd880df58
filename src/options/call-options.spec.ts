import { describe, expect, it } from 'vitest';
import { OdpValidationError } from '../errors/index.js';
import { readCallOptions } from './call-options.js';

class Options {
  readonly signal?: AbortSignal = undefined;
  readonly timeout?: number | string = undefined;
  readonly since?: () => unknown = undefined;
  readonly store: unknown = undefined;
  readonly fresh: boolean = false;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null;

const read = (given?: unknown, path?: string) =>
  readCallOptions(
    given,
    new Options(),
    (options) => ({
      signal: options.signal('signal'),
      timeout: options.optionalDuration('timeout', 10),
      since: options.function('since'),
      store: options.optional('store', isObject, 'must be a store'),
      fresh: options.flag('fresh'),
    }),
    path,
  );

function problemsOf(given: unknown, path?: string) {
  try {
    read(given, path);
  } catch (error) {
    expect(error).toBeInstanceOf(OdpValidationError);
    const { message, violations } = error as OdpValidationError;
    expect(message).toMatch(/^The request is invalid/);
    return violations.map((one) => `${one.path} ${one.message}`);
  }
  return [];
}

describe('the options of a call', () => {
  it.each([undefined, {}, { signal: undefined, timeout: undefined }])(
    'may be left out: %j',
    (given) => {
      expect(read(given)).toEqual({ fresh: false });
    },
  );

  it('are what was given', () => {
    const given = {
      signal: new AbortController().signal,
      since: () => 1,
      store: {},
      fresh: true,
    };
    expect(read({ ...given, timeout: '2s' })).toEqual({
      ...given,
      timeout: 2000,
    });
  });

  it.each<[unknown, string]>([
    [null, 'options must be an object of options, or be left out (it is null)'],
    [{ fresh: null }, 'options.fresh must not be null; leave it out'],
    [{ timeout: null }, 'options.timeout must not be null; leave it out'],
    [{ signal: {} }, 'options.signal must be an AbortSignal (it is'],
    [{ since: 5 }, 'options.since must be a function (it is 5)'],
    [{ store: 5 }, 'options.store must be a store (it is 5)'],
    [{ timeout: 5 }, 'options.timeout must be'],
    [{ frsh: true }, 'options.frsh is not an option; fresh is probably meant'],
    [{ other: null }, 'options.other is not an option'],
  ])('are refused if they are %o', (given, problem) => {
    expect(problemsOf(given)).toEqual([
      expect.stringContaining(problem) as string,
    ]);
  });

  it('are named as the call names them, with all that is wrong', () => {
    expect(problemsOf({ fresh: 5, since: 5 }, 'filter')).toEqual([
      expect.stringContaining('filter.since must be') as string,
      expect.stringContaining('filter.fresh must be') as string,
    ]);
  });
});
