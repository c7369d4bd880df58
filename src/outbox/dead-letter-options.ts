import type { OdpViolation } from '../errors/index.js';
import { type Duration, OptionReader, type Size } from '../options/index.js';
import type { DeadLetterRetention } from './outbox.js';

/**
 * How many dead letters are kept, and for how long. The oldest are removed first,
 * and counted. A memory outbox keeps at most 1000, and 16 MiB.
 */
export class OdpDeadLetterOptions {
  /**
   * How long they are kept; `0` keeps none.
   * @default '30d'
   */
  readonly maxAge: Duration = '30d';

  /**
   * How many are kept; `0` keeps none.
   * @default 100000
   */
  readonly maxCount: number = 100_000;

  /**
   * How much of them is kept, in bytes of the events' JSON.
   * @default '256mb'
   */
  readonly maxBytes: Size = '256mb';
}

/** Checks the `deadLetters` option and completes it with its defaults. */
export function resolveDeadLetters(
  value: unknown,
  problems: OdpViolation[],
): DeadLetterRetention {
  const read = new OptionReader(
    value,
    'deadLetters',
    new OdpDeadLetterOptions(),
    problems,
  );
  const resolved: DeadLetterRetention = {
    maxAge: read.duration('maxAge', 0),
    maxCount: read.integer('maxCount', 0),
    maxBytes: read.size('maxBytes', 0),
  };
  read.refuseUnknown();
  return resolved;
}
