/** Node's timers wait at most so long (a 32-bit number of ms); whoever is woken early looks again. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Time, as delivery sees it. Tests put their own in its place. */
export interface Clock {
  /** ms since the epoch. */
  now(): number;
  /**
   * Calls `wake` after `ms`.
   *
   * @param keepAlive whether the process must not end before
   * @returns a function that calls it off
   */
  schedule(wake: () => void, ms: number, keepAlive: boolean): () => void;
}

/** The machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(wake, ms, keepAlive) {
    const timer = setTimeout(wake, Math.min(ms, LONGEST_TIMER));
    if (!keepAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};
