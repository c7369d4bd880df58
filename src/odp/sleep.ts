import type { Clock } from '../clock.js';

/** Waits so long; the process goes on meanwhile. Rejects once one of the signals is aborted. */
export function sleep(
  clock: Pick<Clock, 'schedule'>,
  ms: number,
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
      true,
    );
    for (const signal of signals) signal?.addEventListener('abort', abort);
    if (signals.some((signal) => signal?.aborted === true)) abort();
  });
}
