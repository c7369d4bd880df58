// Not the global ones, which the fake timers of an app's tests replace.
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

/**
 * Waits for `work` for at most `ms`, then rejects with the error that `late` makes
 * and ignores the outcome of `work`. An answer that arrived while the process was
 * frozen or busy counts as in time.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  ms: number,
  late: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => setImmediate(() => reject(late())), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
