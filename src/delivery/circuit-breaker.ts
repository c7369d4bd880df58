/** How long the circuit breaker waits; times in ms. */
export interface CircuitBreakerTimes {
  /** The wait after the nth failure in a row. */
  backoff(failures: number): number;
}

/** After this many failed probes, nobody waits for a suspended account. */
const STUCK_AFTER_PROBES = 3;

/**
 * The longest wait for the next probe in an outage, in ms. It carries one event
 * and costs ODP next to nothing, and waiting events are sent the sooner.
 */
const MAX_OUTAGE_WAIT_MS = 1000;

/**
 * Whether requests may go to ODP now. All of an account's requests share it, so
 * that they back off together. After a wait, one request at a time finds out
 * whether ODP is back, and the first that gets through closes the breaker.
 */
export class CircuitBreaker {
  readonly #times: CircuitBreakerTimes;
  #suspended = false;
  #failures = 0;
  /** Nothing goes before then, and one request at a time after it; `undefined`: closed. */
  #openUntil: number | undefined;
  /** A pause that ODP asked for; no success of another request cuts it short. */
  #pausedUntil = 0;
  #longestWait = Infinity;
  #resets = 0;
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

  /** Whether several probes in a row have found the account misconfigured. */
  get isStuck(): boolean {
    return this.#suspended && this.#failures > STUCK_AFTER_PROBES;
  }

  /** When the next request may start, on the monotonic clock; `undefined`: at once; `Infinity`: unknown. */
  nextRequestAt(now: number): number | undefined {
    if (!this.#connected) return Infinity;
    const at = Math.max(this.#openUntil ?? 0, this.#pausedUntil);
    return at > now ? at : undefined;
  }

  /** Whether every request can be expected to get through. */
  get closed(): boolean {
    return this.#connected && this.#openUntil === undefined;
  }

  /** How often key and host have changed. */
  get resets(): number {
    return this.#resets;
  }

  /** A request got through. Returns what that ends, if anything. */
  succeeded(): 'suspension' | 'outage' | undefined {
    const ended = this.#suspended
      ? 'suspension'
      : this.#openUntil === undefined
        ? undefined
        : 'outage';
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#suspended = false;
    return ended;
  }

  /**
   * A request failed for now, and nothing else got through meanwhile.
   *
   * @param retryAfter the pause that ODP asked for
   * @returns when the next request may start, in ms from now
   */
  failed(now: number, retryAfter: number | undefined): number {
    if (this.#suspended) return this.suspend(now).wait;
    if (retryAfter !== undefined) {
      this.#pausedUntil = Math.max(this.#pausedUntil, now + retryAfter);
      return this.#hold(now, retryAfter);
    }
    if (this.#failedTogether(now)) return this.#hold(now, 0);
    // A longer first delay is what the app wants.
    const longest = Math.max(MAX_OUTAGE_WAIT_MS, this.waitOf(1));
    return this.#hold(now, Math.min(this.waitOf(++this.#failures), longest));
  }

  /** The key or the host is wrong. Returns whether that is news, and how long to wait for the next probe. */
  suspend(now: number): { readonly news: boolean; readonly wait: number } {
    const news = !this.#suspended;
    if (news) this.#failures = 0;
    const wait =
      !news && this.#failedTogether(now) ? 0 : this.waitOf(++this.#failures);
    this.#suspended = true;
    return { news, wait: this.#hold(now, wait) };
  }

  /** How long events wait that have failed this often. */
  waitOf(attempts: number): number {
    return Math.min(this.#times.backoff(attempts), this.#longestWait);
  }

  /** Requests that were under way together fail together, which counts as one failure. */
  #failedTogether(now: number): boolean {
    return this.#openUntil !== undefined && now < this.#openUntil;
  }

  /** Key and host have changed, or are gone: what the old ones showed no longer counts, nor do requests under way. */
  reset(connected: boolean): void {
    this.#connected = connected;
    this.#resets++;
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#pausedUntil = 0;
    this.#suspended = false;
  }

  /** The app is ending: from now on no backoff is longer than `wait`. */
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
}
