import type { ResolvedRetry } from './delivery-options.js';

/**
 * How long to wait after the nth failure in a row, in ms: exponential, bounded
 * by `maxDelay`. Jitter takes off a random part of up to one half.
 */
export function backoff(
  { delay, factor, maxDelay, jitter }: ResolvedRetry,
  failures: number,
  random: () => number,
): number {
  const full = Math.min(delay * factor ** (failures - 1), maxDelay);
  return Math.round(jitter ? full * (1 - random() / 2) : full);
}
