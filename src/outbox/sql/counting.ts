import type { OutboxCounts } from '../outbox.js';

/** Up to this many rows are counted each time. */
const QUICKLY_COUNTED = 10_000;

/** Counting more may take at most this fraction of the time, as a divisor. */
const SHARE = 20;

/** Caches counts, so that a long backlog is not counted all the time. */
export class Counting {
  #known: { readonly counts: OutboxCounts; readonly until: number } | undefined;

  /** @param monotonic the time in ms */
  async counts(
    count: () => Promise<OutboxCounts>,
    monotonic: () => number,
  ): Promise<OutboxCounts> {
    const start = monotonic();
    if (this.#known !== undefined && start < this.#known.until) {
      return this.#known.counts;
    }
    const counts = await count();
    const end = monotonic();
    this.#known =
      counts.pending + counts.deadLetters > QUICKLY_COUNTED
        ? { counts, until: end + SHARE * (end - start) }
        : undefined;
    return counts;
  }
}
