import type { ClaimedEvent, OutboxContext } from '../outbox.js';
import type { OutboxTables } from './tables.js';

/** The parts of an open outbox. */
export interface Opened {
  readonly context: OutboxContext;
  readonly tables: OutboxTables;
}

/** Trimming takes a while, so dead letters may exceed retention by this fraction before it is done. */
const SLACK = 0.01;

/** But for no longer than this, in ms. */
const TRIM_INTERVAL_MS = 60_000;

/** How often outcomes older than an hour are removed, in ms. */
const FORGET_INTERVAL_MS = 600_000;

/** Removes dead letters beyond retention, by the server's clock. */
export async function trim({ tables, context }: Opened): Promise<void> {
  const removed = await tables.deadLetters.trim(context.deadLetterRetention);
  if (removed > 0) context.deadLettersRemoved(removed);
}

/** What an outbox does from time to time, along with other work. */
export class Housekeeping {
  #count = Infinity;
  #bytes = Infinity;
  #trimmed = -Infinity;
  #forgot = -Infinity;

  /** Removes dead letters beyond retention, once there are enough of them to matter. Never rejects. */
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
      await trim({ tables, context });
    } catch {
      // The new ones are stored anyway, and the next ones try again.
      this.#count = Infinity;
    }
  }

  /** Removes outcomes that nobody has looked up in time. Never rejects. */
  async recorded({ tables, context }: Opened): Promise<void> {
    const now = context.monotonic();
    if (now - this.#forgot < FORGET_INTERVAL_MS) return;
    this.#forgot = now;
    try {
      await tables.forgetOutcomes();
    } catch {
      // The next run tries again, even if the database is read-only for now.
    }
  }
}
