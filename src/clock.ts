// Captured at load, so that the fake timers of an app's tests, which replace the
// global ones, do not stop delivery.
import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';

const monotonic = performance.now.bind(performance);

/** The longest that Node's timers wait (a 32-bit number of ms); whoever is woken early checks again. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Time for delivery. Tests replace it. */
export interface Clock {
  /** Wall time, in ms since the epoch. It can step: no wait or deadline depends on it. */
  now(): number;
  /** ms since some point in the past; never steps. For waits, deadlines and leases. */
  monotonic(): number;
  /**
   * Calls `wake` after `ms`.
   *
   * @param keepAlive whether the process must not end meanwhile
   * @returns a function that calls it off
   */
  schedule(wake: () => void, ms: number, keepAlive: boolean): () => void;
}

/** The machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic,
  schedule(wake, ms, keepAlive) {
    const timer = setTimeout(wake, Math.min(ms, MAX_TIMER_MS));
    if (!keepAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * The outcome of `promise`, or of `late` after `ms`.
 *
 * @param keepAlive whether the process must not end meanwhile
 */
export async function within<T, L>(
  clock: Pick<Clock, 'schedule'>,
  ms: number,
  promise: PromiseLike<T>,
  late: () => L,
  keepAlive = false,
): Promise<T | L> {
  let callOff = () => {};
  const over = new Promise<void>((resolve) => {
    callOff = clock.schedule(resolve, ms, keepAlive);
  }).then(late);
  try {
    return await Promise.race([promise, over]);
  } finally {
    callOff();
  }
}
