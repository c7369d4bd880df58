/** How the gate waits; times in ms. */
export interface GateTimes {
  /** The wait after so many failures in a row. */
  backoff(failures: number): number;
  /** The time between two probes of a suspended account. */
  readonly probeInterval: number;
}

/**
 * Whether requests may go to ODP now. All of an account's requests share it, so
 * that they back off together. Once a wait is over, one request at a time finds
 * out whether ODP is back, and the first that gets through opens the gate.
 */
export class Gate {
  readonly #times: GateTimes;
  #suspended = false;
  #failures = 0;
  /** Until then nothing goes, and after it one request at a time; `undefined`: open. */
  #closedUntil: number | undefined;
  /** What ODP asked for itself; no success of another request cuts it short. */
  #pausedUntil = 0;
  #longestWait = Infinity;
  #successes = 0;

  constructor(times: GateTimes) {
    this.#times = times;
  }

  /** Whether the account is misconfigured and only probed. */
  get suspended(): boolean {
    return this.#suspended;
  }

  /** When the next request may start, in ms since the epoch; `undefined`: at once. */
  opensAt(now: number): number | undefined {
    const at = Math.max(this.#closedUntil ?? 0, this.#pausedUntil);
    return at > now ? at : undefined;
  }

  /** Whether everything that is under way or starts now can be trusted to get through. */
  get open(): boolean {
    return this.#closedUntil === undefined;
  }

  /** How many more requests may start while `underWay` are, at most `most` at once. */
  room(now: number, underWay: number, most: number): number {
    if (this.opensAt(now) !== undefined) return 0;
    return (this.open ? most : 1) - underWay;
  }

  /** Call when a request starts; `failed` wants what it returns. */
  stamp(): number {
    return this.#successes;
  }

  /** A request got through. Returns what that ended, if anything. */
  succeeded(): 'suspension' | 'outage' | undefined {
    const ended = this.#suspended
      ? 'suspension'
      : this.open
        ? undefined
        : 'outage';
    this.#successes++;
    this.#failures = 0;
    this.#closedUntil = undefined;
    this.#suspended = false;
    return ended;
  }

  /**
   * A request failed for the moment. If others got through meanwhile, it alone
   * is concerned and the gate stays open, unless ODP asked for a pause.
   *
   * @param failedAttempts how often this request's events had failed before
   * @param retryAfter the pause that ODP asked for
   * @returns how long this request's events should wait
   */
  failed(
    stamp: number,
    now: number,
    failedAttempts: number,
    retryAfter: number | undefined,
  ): number {
    if (this.#suspended) return this.#close(now, this.#times.probeInterval);
    if (retryAfter !== undefined) {
      this.#pausedUntil = Math.max(this.#pausedUntil, now + retryAfter);
      return this.#close(now, retryAfter);
    }
    if (stamp !== this.#successes) return this.#wait(failedAttempts + 1);
    // Requests that were under way together fail together: that counts once.
    const closed = this.#closedUntil !== undefined && now < this.#closedUntil;
    if (closed) return this.#close(now, 0);
    return this.#close(now, this.#wait(++this.#failures));
  }

  /** The key or the host is wrong. Returns whether that is news. */
  suspend(now: number): boolean {
    const news = !this.#suspended;
    this.#suspended = true;
    this.#close(now, this.#times.probeInterval);
    return news;
  }

  /** From now on no backoff is longer than `wait`: the app is ending. */
  hurry(now: number, wait: number): void {
    this.#longestWait = wait;
    if (this.#closedUntil !== undefined && !this.#suspended) {
      this.#closedUntil = Math.min(this.#closedUntil, now + wait);
    }
  }

  #close(now: number, wait: number): number {
    this.#closedUntil = Math.max(this.#closedUntil ?? 0, now + wait);
    return this.#closedUntil - now;
  }

  #wait(failures: number): number {
    return Math.min(this.#times.backoff(failures), this.#longestWait);
  }
}
