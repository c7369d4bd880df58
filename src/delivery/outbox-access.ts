import {
  isThenable,
  type OdpOutbox,
  type OutboxCounts,
  type OutboxEvent,
} from '../outbox/index.js';

type Changing<T> = { -readonly [K in keyof T]: T[K] };

const EMPTY: OutboxCounts = {
  pending: 0,
  oldestAge: undefined,
  deadLetters: 0,
};

/** What an outbox holds: now where it answers at once, else as of the last answer. */
export class OutboxAccess {
  readonly #outbox: OdpOutbox;
  readonly #failed: (error: unknown) => void;
  /** Kept up with in place: it changes with every event. */
  #last: Changing<OutboxCounts> = { ...EMPTY };
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
    this.#last.oldestAge ??= 0;
    this.#last.pending += events.length;
  }

  /** Events were delivered or given up. */
  settled(count: number): void {
    this.#last.pending = Math.max(this.#last.pending - count, 0);
    if (this.#last.pending === 0) this.#last.oldestAge = undefined;
  }

  /** New counts; the last known ones where the outbox fails. Never rejects. */
  refresh(): OutboxCounts | Promise<OutboxCounts> {
    try {
      const answer = this.#outbox.counts();
      if (isThenable(answer)) return this.#keep(answer);
      this.#last = { ...answer };
      return answer;
    } catch (error) {
      this.#failed(error);
      return this.#last;
    }
  }

  async #keep(answer: PromiseLike<OutboxCounts>): Promise<OutboxCounts> {
    this.#asking++;
    try {
      const counts = await answer;
      this.#last = { ...counts };
      // As it was given: what is kept up with may count a delivery that it has
      // in it already, and whoever flushes would take the outbox for empty.
      return counts;
    } catch (error) {
      this.#failed(error);
      return this.#last;
    } finally {
      this.#asking--;
    }
  }
}
