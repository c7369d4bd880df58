// Not the global ones, which the fake timers of an app's tests replace.
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

/**
 * Waits for `work`, but at most `ms`: then rejects with what `late` makes. What
 * `work` brings afterwards is ignored. An answer that is there already, and could
 * not be read while the process was frozen or busy, counts as in time.
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
