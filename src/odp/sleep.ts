import type { Clock } from '../clock.js';

/**
 * Waits for `ms`. Rejects once one of the signals is aborted.
 *
 * @param keepAlive whether the process must not end meanwhile
 */
export function sleep(
  clock: Pick<Clock, 'schedule'>,
  ms: number,
  keepAlive: boolean,
  ...signals: (AbortSignal | undefined)[]
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clear();
      for (const signal of signals) signal?.removeEventListener('abort', abort);
    };
    const abort = () => {
      done();
      reject(new Error('aborted'));
    };
    const clear = clock.schedule(
      () => {
        done();
        resolve();
      },
      ms,
      keepAlive,
    );
    for (const signal of signals) signal?.addEventListener('abort', abort);
    if (signals.some((signal) => signal?.aborted === true)) abort();
  });
}
