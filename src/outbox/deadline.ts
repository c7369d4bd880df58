// Not the global ones, which the fake timers of an app's tests replace.
import { performance } from 'node:perf_hooks';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

/** A timer this late shows that the process was frozen, or very busy, in ms. */
export const FROZEN_MS = 1000;

/**
 * Waits for `work` for at most `ms`, then rejects with the error that `late` makes
 * and ignores the outcome of `work`. An answer that arrived while the process was
 * frozen or busy counts as in time, and work that is not done then has `ms` more.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  ms: number,
  late: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const wait = (): void => {
      const due = performance.now() + ms;
      timer = setTimeout(() => {
        if (performance.now() - due > FROZEN_MS) wait();
        else setImmediate(() => reject(late()));
      }, ms);
    };
    wait();
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
