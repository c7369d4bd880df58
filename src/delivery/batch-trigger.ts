/** When batches go, as far as that depends on what waits. */
export interface BatchTriggerOptions {
  readonly batchSize: number;
  /** In ms. */
  readonly flushInterval: number;
}

/** Puts back what a claim did not take; see {@link BatchTrigger.claim}. */
export type ClaimEnd = (count: number, newest: number | undefined) => void;

/**
 * What is known to wait in the outbox, and when it must go: a full batch at
 * once, anything less when its oldest event has waited for `flushInterval`.
 * Times are ms on the monotonic clock.
 */
export class BatchTrigger {
  readonly #options: BatchTriggerOptions;
  /** Events that arrived and that no claim has looked for yet. */
  #fresh = 0;
  /** Whatever there is must go, full batches or not. */
  #all = false;
  #flushAt = Infinity;
  #releases: number[] = [];

  constructor(options: BatchTriggerOptions) {
    this.#options = options;
  }

  /** When there is something to do next, if not now. */
  get nextAt(): number {
    return Math.min(this.#flushAt, ...this.#releases);
  }

  /**
   * Events were appended, the first of which was accepted at `since`. Returns
   * whether that changes what is to be done, or when.
   */
  appended(count: number, since: number): boolean {
    const { batchSize, flushInterval } = this.#options;
    const batches = Math.floor(this.#fresh / batchSize);
    this.#fresh += count;
    if (this.#flushAt === Infinity) {
      this.#flushAt = since + flushInterval;
      return true;
    }
    return Math.floor(this.#fresh / batchSize) > batches;
  }

  /** Events were given back until then. */
  released(until: number): void {
    this.#releases.push(until);
  }

  /** Whatever there is must go. */
  wantAll(): void {
    this.#all = true;
  }

  /** Whether a batch should be claimed now. */
  isDue(now: number): boolean {
    if (now >= this.nextAt) {
      this.#all = true;
      this.#flushAt = Infinity;
      this.#releases = this.#releases.filter((at) => at > now);
    }
    return this.#all || this.#fresh >= this.#options.batchSize;
  }

  /**
   * A claim begins; what is appended from now on may not be in it. Call what it
   * returns with how many events came back and when the last of them was
   * accepted: what is left is no older. A claim that failed took none of them.
   */
  claim(): ClaimEnd {
    const { batchSize, flushInterval } = this.#options;
    const fresh = this.#fresh;
    const all = this.#all;
    this.#fresh = 0;
    this.#all = false;
    this.#flushAt = Infinity;
    return (count, newest) => {
      if (count < batchSize) return;
      this.#all ||= all;
      const left = fresh - count;
      if (left <= 0 || newest === undefined) return;
      this.#fresh += left;
      this.#flushAt = Math.min(this.#flushAt, newest + flushInterval);
    };
  }
}
