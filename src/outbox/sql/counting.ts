import type { OutboxCounts } from '../outbox.js';

/** Up to so many rows are counted each time. */
const QUICKLY_COUNTED = 10_000;

/** Counting more may take one part in so many of the time. */
const SHARE = 20;

/** What was counted lately, so that a long backlog is not counted all the time. */
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
