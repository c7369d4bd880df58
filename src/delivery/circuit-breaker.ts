/** How long the circuit breaker waits; times in ms. */
export interface CircuitBreakerTimes {
  /** The wait after so many failures in a row. */
  backoff(failures: number): number;
  /** The time between two probes of a suspended account. */
  readonly probeInterval: number;
}

/**
 * Whether requests may go to ODP now. All of an account's requests share it, so
 * that they back off together. Once a wait is over, one request at a time finds
 * out whether ODP is back, and the first that gets through closes the breaker.
 */
export class CircuitBreaker {
  readonly #times: CircuitBreakerTimes;
  #suspended = false;
  #failures = 0;
  /** Until then nothing goes, and after it one request at a time; `undefined`: closed. */
  #openUntil: number | undefined;
  /** What ODP asked for itself; no success of another request cuts it short. */
  #pausedUntil = 0;
  #longestWait = Infinity;
  #successes = 0;
  /** Whether there is an account to send to. */
  #connected: boolean;

  constructor(times: CircuitBreakerTimes, connected = true) {
    this.#times = times;
    this.#connected = connected;
  }

  /** Whether the account is misconfigured and only probed. */
  get suspended(): boolean {
    return this.#suspended;
  }

  /** When the next request may start, on the monotonic clock; `undefined`: at once; `Infinity`: nobody knows. */
  nextRequestAt(now: number): number | undefined {
    if (!this.#connected) return Infinity;
    const at = Math.max(this.#openUntil ?? 0, this.#pausedUntil);
    return at > now ? at : undefined;
  }

  /** Whether everything that is under way or starts now can be trusted to get through. */
  get closed(): boolean {
    return this.#connected && this.#openUntil === undefined;
  }

  /** How many more requests may start while `underWay` are, at most `most` at once. */
  capacity(now: number, underWay: number, most: number): number {
    if (this.nextRequestAt(now) !== undefined) return 0;
    return (this.closed ? most : 1) - underWay;
  }

  /** Call when a request starts; `failed` wants what it returns. */
  stamp(): number {
    return this.#successes;
  }

  /** A request got through. Returns what that ended, if anything. */
  succeeded(): 'suspension' | 'outage' | undefined {
    const ended = this.#suspended
      ? 'suspension'
      : this.#openUntil === undefined
        ? undefined
        : 'outage';
    this.#successes++;
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#suspended = false;
    return ended;
  }

  /**
   * A request failed for the moment. If others got through meanwhile, it alone
   * is concerned and the breaker stays closed, unless ODP asked for a pause.
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
    if (this.#suspended) return this.#hold(now, this.#times.probeInterval);
    if (retryAfter !== undefined) {
      this.#pausedUntil = Math.max(this.#pausedUntil, now + retryAfter);
      return this.#hold(now, retryAfter);
    }
    if (stamp !== this.#successes) return this.#wait(failedAttempts + 1);
    // Requests that were under way together fail together: that counts once.
    const stillOpen = this.#openUntil !== undefined && now < this.#openUntil;
    if (stillOpen) return this.#hold(now, 0);
    return this.#hold(now, this.#wait(++this.#failures));
  }

  /** The key or the host is wrong. Returns whether that is news. */
  suspend(now: number): boolean {
    const news = !this.#suspended;
    this.#suspended = true;
    this.#hold(now, this.#times.probeInterval);
    return news;
  }

  /** Key and host have changed, or gone: what was learnt with the old ones says nothing, nor will what is under way. */
  reset(connected: boolean): void {
    this.#connected = connected;
    this.#successes++;
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#pausedUntil = 0;
    this.#suspended = false;
  }

  /** From now on no backoff is longer than `wait`: the app is ending. */
  limitBackoff(now: number, wait: number): void {
    this.#longestWait = wait;
    if (this.#openUntil !== undefined && !this.#suspended) {
      this.#openUntil = Math.min(this.#openUntil, now + wait);
    }
  }

  #hold(now: number, wait: number): number {
    this.#openUntil = Math.max(this.#openUntil ?? 0, now + wait);
    return this.#openUntil - now;
  }

  #wait(failures: number): number {
    return Math.min(this.#times.backoff(failures), this.#longestWait);
  }
}
