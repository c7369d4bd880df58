import type { Clock } from '../clock.js';

/**
 * Runs work whose signal is aborted after `timeout` ms; never without one.
 *
 * @throws what `work` throws
 */
export async function withTimeout<T>(
  clock: Clock,
  timeout: number | undefined,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const callOff =
    timeout === undefined
      ? () => {}
      : clock.schedule(() => over.abort(), timeout, true);
  try {
    return await work(over.signal);
  } finally {
    callOff();
  }
}
