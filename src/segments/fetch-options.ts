import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import { pathOf } from '../names.js';
import { type Duration, parseDuration } from '../options/index.js';

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

const NAMES = ['segments', 'cache', 'timeout', 'signal', 'details'];
const CACHE = ['use', 'ignore', 'reset'];
/** ODP documents no limit on names or their number; these keep hostile ones from filling memory. */
const LONGEST_NAME = 256;
const MOST_NAMES = 1000;

/** @throws OdpValidationError */
export function checkFetchOptions(options: unknown): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalid('options', 'must be an object');
  }
  const violations: OdpViolation[] = [];
  for (const name of Object.keys(options)) {
    if (NAMES.includes(name)) continue;
    const message = `is not an option here; there are ${NAMES.join(', ')}`;
    violations.push({ path: pathOf('options', name), message });
  }
  const {
    cache = 'use',
    timeout,
    signal,
    details,
    segments,
  } = options as FetchSegmentsOptions;
  if (!CACHE.includes(cache)) {
    const message = "must be 'use', 'ignore' or 'reset'";
    violations.push({ path: 'options.cache', message });
  }
  const ms = timeout === undefined ? undefined : parseDuration(timeout);
  if (timeout !== undefined && (ms ?? 0) === 0) {
    const message = "must be ms or text such as '2s'";
    violations.push({ path: 'options.timeout', message });
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    const message = 'must be an AbortSignal';
    violations.push({ path: 'options.signal', message });
  }
  if (details !== undefined && typeof details !== 'boolean') {
    const message = 'must be true or false';
    violations.push({ path: 'options.details', message });
  }
  const names = checkSegments(segments, 'options.segments', violations);
  if (violations.length > 0)
    throw new OdpValidationError(violations, 'request');
  return { segments: names, cache, timeout: ms, signal };
}

/** Names of segments, each once; absent ones are fine. */
export function checkSegments(
  value: unknown,
  path: string,
  violations: OdpViolation[],
): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (
    Array.isArray(value) &&
    value.length <= MOST_NAMES &&
    value.every(isSegmentName)
  ) {
    return [...new Set(value)];
  }
  const message = `must be a list of at most ${MOST_NAMES} names of segments, each a text of at most ${LONGEST_NAME} characters that is not blank`;
  violations.push({ path, message });
  return [];
}

const isSegmentName = (name: unknown): name is string =>
  typeof name === 'string' &&
  name.length <= LONGEST_NAME &&
  name.trim() !== '' &&
  name.isWellFormed();

/** An error with one violation. */
export const invalid = (path: string, message: string): OdpValidationError =>
  new OdpValidationError([{ path, message }], 'request');
