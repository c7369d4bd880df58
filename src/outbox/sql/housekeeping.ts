import type { ClaimedEvent, OutboxContext } from '../outbox.js';
import type { OutboxTables } from './tables.js';

/** What there is between `open()` and `close()` of an outbox. */
export interface Opened {
  readonly context: OutboxContext;
  readonly tables: OutboxTables;
}

/** Looking through a table takes a while: dead letters may exceed their bounds by this part before it is done. */
const SLACK = 0.01;

/** But not longer, in ms. */
const TRIM_INTERVAL_MS = 60_000;

/** Outcomes are kept for an hour; how often older ones are looked for, in ms. */
const FORGET_INTERVAL_MS = 600_000;

/** What an outbox does now and then, on the way. */
export class Housekeeping {
  #count = Infinity;
  #bytes = Infinity;
  #trimmed = -Infinity;
  #forgot = -Infinity;

  /** Removes dead letters beyond retention, once these are enough to matter. Never rejects. */
  async deadLettered(
    events: readonly ClaimedEvent[],
    { tables, context }: Opened,
  ): Promise<void> {
    this.#count += events.length;
    for (const { payload } of events) this.#bytes += Buffer.byteLength(payload);
    const { deadLetterRetention: retention } = context;
    const now = context.monotonic();
    if (
      this.#count < SLACK * retention.maxCount &&
      this.#bytes < SLACK * retention.maxBytes &&
      now - this.#trimmed < TRIM_INTERVAL_MS
    ) {
      return;
    }
    [this.#count, this.#bytes, this.#trimmed] = [0, 0, now];
    try {
      const removed = await tables.deadLetters.trim(retention);
      if (removed > 0) context.deadLettersRemoved(removed);
    } catch {
      // These are stored all the same, and the next ones try again.
      this.#count = Infinity;
    }
  }

  /** Removes outcomes that nobody has asked for in time. Never rejects. */
  async recorded({ tables, context }: Opened): Promise<void> {
    const now = context.monotonic();
    if (now - this.#forgot < FORGET_INTERVAL_MS) return;
    this.#forgot = now;
    try {
      await tables.forgetOutcomes();
    } catch {
      // Then the next time. A database that is read-only for now does not matter here.
    }
  }
}
