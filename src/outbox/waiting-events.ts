import { OdpOutboxError } from '../errors/index.js';
import type { OutboxEvent } from './outbox.js';
import { sizeOf } from './size-of.js';

/** How many events may wait for a server that does not answer. */
const MAX_WAITING = 100_000;
/** The same, in characters of payload. */
const MAX_WAITING_SIZE = 64 * 1024 * 1024;

/** Bounds the events that wait for a server to store them. */
export class WaitingEvents {
  readonly #server: string;
  #count = 0;
  #size = 0;

  constructor(server: string) {
    this.#server = server;
  }

  /**
   * Counts events as waiting while the work lasts. A list that is alone is taken
   * whole, however long it is.
   *
   * @throws OdpOutboxError when too many are waiting already
   */
  async during(
    events: readonly OutboxEvent[],
    work: () => Promise<void>,
  ): Promise<void> {
    const count = this.#count + events.length;
    const added = sizeOf(events);
    const isTooMuch =
      count > MAX_WAITING || this.#size + added > MAX_WAITING_SIZE;
    if (this.#count > 0 && isTooMuch) {
      throw new OdpOutboxError(
        `${this.#count} events (${this.#size} characters) are waiting for ${this.#server} to answer; no more are accepted. Check why ${this.#server} is slow, or send fewer at once.`,
      );
    }
    this.#count = count;
    this.#size += added;
    try {
      await work();
    } finally {
      this.#count -= events.length;
      this.#size -= added;
    }
  }
}
