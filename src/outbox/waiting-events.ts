import { OdpOutboxError } from '../errors/index.js';

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
   * Counts events as waiting, until {@link left}. A list that is alone is taken
   * whole, however long it is.
   *
   * @throws OdpOutboxError when too many are waiting already
   */
  came(count: number, size: number): void {
    const isTooMuch =
      this.#count + count > MAX_WAITING || this.#size + size > MAX_WAITING_SIZE;
    if (this.#count > 0 && isTooMuch) {
      throw new OdpOutboxError(
        `${this.#count} events (${this.#size} characters) are waiting for ${this.#server} to answer; no more are accepted. Check why ${this.#server} is slow, or send fewer at once.`,
      );
    }
    this.#count += count;
    this.#size += size;
  }

  left(count: number, size: number): void {
    this.#count -= count;
    this.#size -= size;
  }
}
