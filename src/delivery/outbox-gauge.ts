import type { OdpOutbox, OutboxCounts, OutboxEvent } from '../outbox/index.js';

const EMPTY: OutboxCounts = { pending: 0, oldest: undefined, deadLetters: 0 };

/** What an outbox holds: now where it answers at once, else as of the last answer. */
export class OutboxGauge {
  readonly #outbox: OdpOutbox;
  readonly #failed: (error: unknown) => void;
  #last = EMPTY;
  #asking = 0;

  constructor(outbox: OdpOutbox, failed: (error: unknown) => void) {
    this.#outbox = outbox;
    this.#failed = failed;
  }

  /** The last known counts. Asks for new ones on the way. */
  read(): OutboxCounts {
    if (this.#asking === 0) void this.refresh();
    return this.#last;
  }

  /** Events were taken in; what is known is kept up with until it is asked for anew. */
  appended(events: readonly OutboxEvent[]): void {
    const { pending, oldest = events[0]?.createdAt } = this.#last;
    this.#last = { ...this.#last, oldest, pending: pending + events.length };
  }

  /** Events were delivered or given up. */
  settled(count: number): void {
    const pending = Math.max(this.#last.pending - count, 0);
    const oldest = pending === 0 ? undefined : this.#last.oldest;
    this.#last = { ...this.#last, oldest, pending };
  }

  /** New counts; the last known ones where the outbox fails. Never rejects. */
  refresh(): OutboxCounts | Promise<OutboxCounts> {
    try {
      const answer = this.#outbox.counts();
      return answer instanceof Promise
        ? this.#keep(answer)
        : (this.#last = answer);
    } catch (error) {
      this.#failed(error);
      return this.#last;
    }
  }

  async #keep(answer: Promise<OutboxCounts>): Promise<OutboxCounts> {
    this.#asking++;
    try {
      this.#last = await answer;
    } catch (error) {
      this.#failed(error);
    }
    this.#asking--;
    return this.#last;
  }
}
