import type { WakeTimer } from './wake-timer.js';

/** What decides when a batch of waiting events goes. */
export interface BatchTriggerOptions {
  readonly batchSize: number;
  /** In ms. */
  readonly flushInterval: number;
}

/** A claim under way; see {@link BatchTrigger.claim}. */
export interface BegunClaim {
  /** Only events of at least this age, in ms; `undefined`: all of them. */
  readonly minAge: number | undefined;
  /** How many full batches there are; `Infinity` if it is unknown how much waits. */
  readonly batches: number;
  /** The claim returned `count` events, the last of them accepted at `newest`. What is left is no older. */
  end(count: number, newest: number | undefined): void;
}

/** How much of an event's age the outbox's clock may have rounded off, in ms. */
const AGE_SLACK_MS = 10;

/**
 * What is known to wait in the outbox, and when it must go: a full batch at
 * once, anything less once its oldest event has waited for `flushInterval`.
 * Times are ms on the monotonic clock.
 */
export class BatchTrigger {
  readonly #options: BatchTriggerOptions;
  readonly #wakeTimer: WakeTimer;
  /** Events that have arrived since the last claim. */
  #fresh = 0;
  /** Events that arrived before then must go, full batch or not. */
  #allBefore: number | undefined;
  /** Events that have waited for `flushInterval` must go, whoever appended them. */
  #old = false;
  #flushAt = Infinity;
  #releases: number[] = [];

  /** @param wakeTimer woken when something is due that was not, or sooner than it was */
  constructor(options: BatchTriggerOptions, wakeTimer: WakeTimer) {
    this.#options = options;
    this.#wakeTimer = wakeTimer;
  }

  /** When there is next something to do, if not now. */
  get nextAt(): number {
    return Math.min(this.#flushAt, ...this.#releases);
  }

  /**
   * Events were appended, the first of which was accepted at `since()`: if there was
   * no capacity, it has waited since then. Asked only if nothing waits yet, as
   * reading the clock takes as long as all else here.
   */
  appended(count: number, since: () => number): void {
    const { batchSize, flushInterval } = this.#options;
    const batches = Math.floor(this.#fresh / batchSize);
    this.#fresh += count;
    const isFirst = this.#flushAt === Infinity;
    if (isFirst) this.#flushAt = since() + flushInterval;
    // Later, so that it delays neither the caller whose event filled the batch
    // nor the rest of a long list.
    if (isFirst || Math.floor(this.#fresh / batchSize) > batches) {
      this.#wakeTimer.wakeSoon();
    }
  }

  /** Events were released, to be claimable from `until` on. */
  released(until: number): void {
    this.#releases.push(until);
  }

  /** Everything there is now must go. */
  wantAll(now: number): void {
    this.#allBefore = now;
    this.#wakeTimer.wake();
  }

  /** The same, once the caller has gone on. */
  wantAllSoon(now: number): void {
    this.#allBefore = now;
    this.#wakeTimer.wakeSoon();
  }

  /** Other processes may have appended events, or left them behind: those that have waited long enough must go. */
  wantOld(): void {
    this.#old = true;
    this.#wakeTimer.wake();
  }

  /** Whether a batch should be claimed now. */
  isDue(now: number): boolean {
    if (now >= this.nextAt) {
      this.#allBefore = now;
      this.#flushAt = Infinity;
      this.#releases = this.#releases.filter((at) => at > now);
    }
    return this.#allBefore !== undefined || this.#old || this.#full;
  }

  get #full(): boolean {
    return this.#fresh >= this.#options.batchSize;
  }

  /**
   * Starts a claim; events appended from now on may not be in it. Claims go on
   * until one comes back empty, since a short one may have been full by bytes.
   * A claim that failed took nothing.
   */
  claim(now: number): BegunClaim {
    const allBefore = this.#allBefore;
    const since = now - (allBefore ?? now) - AGE_SLACK_MS;
    this.#allBefore = undefined;
    if (allBefore !== undefined && since > 0)
      return this.#claimOld(since, allBefore);
    if (allBefore !== undefined || this.#full) return this.#claimAny(allBefore);
    this.#old = false;
    const claim = this.#claimOld(this.#options.flushInterval, undefined);
    return {
      ...claim,
      end: (count, newest) => {
        claim.end(count, newest);
        this.#old ||= count > 0;
      },
    };
  }

  #claimAny(allBefore: number | undefined): BegunClaim {
    const { flushInterval } = this.#options;
    const fresh = this.#fresh;
    this.#fresh = 0;
    this.#flushAt = Infinity;
    return {
      minAge: undefined,
      batches:
        allBefore === undefined
          ? Math.floor(fresh / this.#options.batchSize)
          : Infinity,
      end: (count, newest) => {
        if (count > 0) this.#allBefore ??= allBefore;
        const left = fresh - count;
        if (left <= 0 || newest === undefined) return;
        this.#fresh += left;
        this.#flushAt = Math.min(this.#flushAt, newest + flushInterval);
      },
    };
  }

  /** Recently appended events wait for their own time. */
  #claimOld(minAge: number, allBefore: number | undefined): BegunClaim {
    return {
      minAge,
      batches: Infinity,
      end: (count) => {
        this.#fresh = Math.max(this.#fresh - count, 0);
        if (count > 0) this.#allBefore ??= allBefore;
      },
    };
  }
}
