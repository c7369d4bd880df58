import type { OdpViolation } from '../errors/index.js';
import { type Duration, OptionReader } from '../options/index.js';

/** How segments are fetched and cached. */
export class OdpSegmentsOptions {
  /**
   * Customers whose segments are kept; `0` keeps none. The least recently used are
   * dropped first.
   * @default 10000
   */
  readonly cacheSize: number = 10_000;

  /**
   * How long they are kept; `0` keeps none.
   * @default '10m'
   */
  readonly cacheTimeout: Duration = '10m';

  /**
   * How long callers wait for ODP, and requests that `@QualifiedFor` guards.
   * @default '5s'
   */
  readonly requestTimeout: Duration = '5s';
}

/** Checked; durations in ms. */
export interface ResolvedSegments {
  readonly cacheSize: number;
  readonly cacheTimeout: number;
  readonly requestTimeout: number;
}

/** Checks the `segments` options and completes them with their defaults. */
export function resolveSegments(
  value: unknown,
  problems: OdpViolation[],
): ResolvedSegments {
  const read = new OptionReader(
    value,
    'segments',
    new OdpSegmentsOptions(),
    problems,
  );
  const resolved: ResolvedSegments = {
    cacheSize: read.integer('cacheSize', 0, 10_000_000),
    cacheTimeout: read.duration('cacheTimeout', 0),
    requestTimeout: read.duration('requestTimeout', 1),
  };
  read.refuseUnknown();
  return resolved;
}
