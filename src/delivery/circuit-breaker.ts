import type { Clock } from '../clock.js';
import type { Reporter, SuspendingAnswer } from '../reporting/index.js';
import type { Backoff } from './backoff.js';

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
  readonly #backoff: Backoff;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #reporter: Reporter;
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

  constructor(
    backoff: Backoff,
    clock: Pick<Clock, 'monotonic'>,
    reporter: Reporter,
    connected = true,
  ) {
    this.#backoff = backoff;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#connected = connected;
  }

  /** Whether the account is misconfigured and only probed. */
  get suspended(): boolean {
    return this.#suspended;
  }

  /** Whether a pause that ODP asked for is not over yet. */
  get paused(): boolean {
    return this.#pausedUntil > this.#clock.monotonic();
  }

  /** Whether several probes in a row have found the account misconfigured. */
  get isStuck(): boolean {
    return this.#suspended && this.#failures > STUCK_AFTER_PROBES;
  }

  /** When the next request may start, on the monotonic clock; `undefined`: at once; `Infinity`: unknown. */
  get nextRequestAt(): number | undefined {
    if (!this.#connected) return Infinity;
    const at = Math.max(this.#openUntil ?? 0, this.#pausedUntil);
    return at > this.#clock.monotonic() ? at : undefined;
  }

  /** Whether every request can be expected to get through. */
  get closed(): boolean {
    return this.#connected && this.#openUntil === undefined;
  }

  /** How often key and host have changed. */
  get resets(): number {
    return this.#resets;
  }

  /** A request got through. */
  succeeded(): void {
    const wasSuspended = this.#suspended;
    const wasOpen = this.#openUntil !== undefined;
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#suspended = false;
    if (wasSuspended) this.#reporter.resumed();
    else if (wasOpen) this.#reporter.recovered();
  }

  /**
   * A request failed for now, and nothing else got through meanwhile.
   *
   * @param retryAfter the pause that ODP asked for
   * @returns when the next request may start, in ms from now
   */
  failed(retryAfter?: number): number {
    if (this.#suspended) return this.#probeLater();
    if (retryAfter !== undefined) {
      const until = this.#clock.monotonic() + retryAfter;
      this.#pausedUntil = Math.max(this.#pausedUntil, until);
      return this.#hold(retryAfter);
    }
    if (this.#failedTogether) return this.#hold(0);
    // A longer first delay is what the app wants.
    const longest = Math.max(MAX_OUTAGE_WAIT_MS, this.waitOf(1));
    return this.#hold(Math.min(this.waitOf(++this.#failures), longest));
  }

  /**
   * The key or the host is wrong: requests are probes from now on.
   *
   * @param status what shows it
   */
  suspend(status: number, answer: SuspendingAnswer): void {
    if (this.#suspended) {
      this.#probeLater();
      return;
    }
    this.#suspended = true;
    this.#failures = 1;
    this.#hold(this.waitOf(1));
    this.#reporter.suspended(status, answer);
  }

  /** How long events wait that have failed this often. */
  waitOf(attempts: number): number {
    return Math.min(this.#backoff.after(attempts), this.#longestWait);
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
  limitBackoff(wait: number): void {
    this.#longestWait = wait;
    if (this.#openUntil !== undefined && !this.#suspended) {
      const until = this.#clock.monotonic() + wait;
      this.#openUntil = Math.min(this.#openUntil, until);
    }
  }

  /** Requests that were under way together fail together, which counts as one failure. */
  get #failedTogether(): boolean {
    return (
      this.#openUntil !== undefined && this.#clock.monotonic() < this.#openUntil
    );
  }

  #probeLater(): number {
    return this.#hold(this.#failedTogether ? 0 : this.waitOf(++this.#failures));
  }

  #hold(wait: number): number {
    const now = this.#clock.monotonic();
    this.#openUntil = Math.max(this.#openUntil ?? 0, now + wait);
    return this.#openUntil - now;
  }
}
