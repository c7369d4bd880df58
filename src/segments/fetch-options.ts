import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import { type Duration, readCallOptions } from '../options/index.js';

/** How segments are fetched. */
export interface FetchSegmentsOptions {
  /**
   * The segments to ask for, by their names in ODP.
   * @default those that the datafile's audiences use, if the account comes from one
   */
  readonly segments?: readonly string[] | undefined;
  /**
   * `ignore`: the cache is neither read nor written. `reset`: it is cleared,
   * for all customers, before anything else.
   * @default 'use'
   */
  readonly cache?: 'use' | 'ignore' | 'reset' | undefined;
  /**
   * How long the caller waits.
   * @default the option `segments.requestTimeout`
   */
  readonly timeout?: Duration | undefined;
  /** Ends the caller's wait, which rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether to return how old the answer is, too.
   * @default false
   */
  readonly details?: boolean | undefined;
}

/** The options, checked. */
export interface CheckedOptions {
  /** Each once. */
  readonly segments: readonly string[] | undefined;
  readonly cache: 'use' | 'ignore' | 'reset';
  /** In ms. */
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: Readonly<Record<keyof FetchSegmentsOptions, unknown>> = {
  segments: undefined,
  cache: 'use',
  timeout: undefined,
  signal: undefined,
  details: false,
};
/** ODP documents no limit on names or their number; these keep hostile ones from filling memory. */
const MAX_NAME_LENGTH = 256;
const MAX_NAMES = 1000;

/** @throws OdpValidationError */
export const checkFetchOptions = (options: unknown): CheckedOptions =>
  readCallOptions(options, DEFAULTS, (read, problems) => {
    read.flag('details');
    return {
      segments: checkSegments(
        read.value('segments'),
        'options.segments',
        problems,
      ),
      cache: read.oneOf('cache', ['use', 'ignore', 'reset']) ?? 'use',
      timeout: read.optionalDuration('timeout', 1),
      signal: read.signal('signal'),
    };
  });

/** Names of segments, each once; absent ones are fine. */
export function checkSegments(
  value: unknown,
  path: string,
  violations: OdpViolation[],
): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (
    Array.isArray(value) &&
    value.length <= MAX_NAMES &&
    value.every(isSegmentName)
  ) {
    return [...new Set(value)];
  }
  const message = `must be a list of at most ${MAX_NAMES} names of segments, each a text of at most ${MAX_NAME_LENGTH} characters that is not blank`;
  violations.push({ path, message });
  return [];
}

const isSegmentName = (name: unknown): name is string =>
  typeof name === 'string' &&
  name.length <= MAX_NAME_LENGTH &&
  name.trim() !== '' &&
  name.isWellFormed();

/** An error with one violation. */
export const invalid = (path: string, message: string): OdpValidationError =>
  new OdpValidationError([{ path, message }], 'request');
