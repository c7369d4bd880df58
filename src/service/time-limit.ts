import type { Clock } from '../clock.js';
import { OdpValidationError } from '../errors/index.js';
import { type Duration, parseDuration } from '../options/index.js';

/**
 * The duration in ms.
 *
 * @throws OdpValidationError when it is not a duration
 */
export function durationOf(value: Duration, path: string): number {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  throw new OdpValidationError([
    { path, message: "must be ms or text such as '30s'" },
  ]);
}

/**
 * Runs work whose signal is aborted after `timeout`; never without one.
 *
 * @throws OdpValidationError when the timeout is not a duration, and what `work` throws
 */
export async function withTimeout<T>(
  clock: Clock,
  timeout: Duration | undefined,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const ms = timeout === undefined ? undefined : durationOf(timeout, 'timeout');
  const callOff =
    ms === undefined ? () => {} : clock.schedule(() => over.abort(), ms, true);
  try {
    return await work(over.signal);
  } finally {
    callOff();
  }
}
