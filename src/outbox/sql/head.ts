import type { ClaimedRow } from './rows.js';

/** Rows of a transaction that has committed late are looked for so often, in ms. */
export const LOOK_INTERVAL_MS = 1000;

const FIRST = '0';

/**
 * From which row on claims look. What was deleted before it takes a server long
 * to pass, as long as it is not cleaned up.
 */
export class Head {
  #from = FIRST;
  #lookedAt = -Infinity;

  /** @param now on the monotonic clock, in ms */
  from(now: number): string {
    if (now - this.#lookedAt >= LOOK_INTERVAL_MS) this.#lookAtAll(now);
    return this.#from;
  }

  /**
   * Rows that a claim has found. If there are none, everything has to be looked
   * at again; returns whether that is worth another claim.
   */
  found(rows: readonly ClaimedRow[], now: number): boolean {
    const [first] = rows;
    if (first !== undefined) {
      this.#from = first.oldest ?? FIRST;
      return false;
    }
    const hasSkipped = this.#from !== FIRST;
    this.#lookAtAll(now);
    return hasSkipped;
  }

  #lookAtAll(now: number): void {
    this.#from = FIRST;
    this.#lookedAt = now;
  }
}
