import { OdpOutboxError } from '../errors/index.js';

/** While a server gives no answer, so many events may wait to be sent to it. */
const MAX_WAITING = 100_000;

/** Bounds the events that wait for a server to store them. */
export class WaitingEvents {
  readonly #server: string;
  #count = 0;

  constructor(server: string) {
    this.#server = server;
  }

  /**
   * Counts events as waiting as long as the work lasts. A list is taken whole,
   * however long it is, if it is alone.
   *
   * @throws OdpOutboxError when too many wait already
   */
  async during(count: number, work: () => Promise<void>): Promise<void> {
    if (this.#count > 0 && this.#count + count > MAX_WAITING) {
      throw new OdpOutboxError(
        `${this.#count} events wait for an answer of ${this.#server}; no more are taken in. Check why ${this.#server} is slow, or send fewer at once.`,
      );
    }
    this.#count += count;
    try {
      await work();
    } finally {
      this.#count -= count;
    }
  }
}
