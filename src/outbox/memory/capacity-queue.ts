import {
  type OdpError,
  OdpOutboxFullError,
  OdpTimeoutError,
} from '../../errors/index.js';
import { Fifo } from '../fifo.js';
import type { OutboxEvent } from '../outbox.js';
import { sizeOf } from '../size-of.js';

/** How many events may wait, since each has a caller that takes memory, too. */
const MAX_WAITING = 100_000;

/** A caller that waits. */
interface Waiter {
  readonly events: readonly OutboxEvent[];
  /** Whether it no longer waits: taken in, refused or timed out. */
  gone: boolean;
  /** Ends the wait; without an error, the events were taken in. */
  end(error?: OdpError): void;
}

/**
 * Callers that wait for capacity, first come, first served (`whenFull: 'wait'`).
 * A list is taken in whole. What waits takes memory too, so it is bounded.
 */
export class CapacityQueue {
  readonly #waiters = new Fifo<Waiter>();
  readonly #maxBytes: number;
  readonly #take: (events: readonly OutboxEvent[]) => boolean;
  #count = 0;
  #bytes = 0;

  /**
   * @param maxBytes how much payload may wait
   * @param take takes events in, or returns `false` if they do not fit now
   */
  constructor(
    maxBytes: number,
    take: (events: readonly OutboxEvent[]) => boolean,
  ) {
    this.#maxBytes = maxBytes;
    this.#take = take;
  }

  /**
   * Returns at once if all fit, else a promise that resolves once they are taken in.
   *
   * @throws OdpOutboxFullError too much waits already
   */
  enter(
    events: readonly OutboxEvent[],
    signal?: AbortSignal,
  ): void | Promise<void> {
    if (this.#count === 0 && this.#take(events)) return;
    const bytes = sizeOf(events);
    const count = this.#count + events.length;
    if (this.#bytes + bytes > this.#maxBytes || count > MAX_WAITING) {
      throw new OdpOutboxFullError(
        undefined,
        `${this.#count} events of ${this.#bytes} bytes are already waiting for capacity`,
      );
    }
    if (signal?.aborted === true) return Promise.reject(timedOut());
    this.#bytes += bytes;
    this.#count = count;
    return new Promise<void>((resolve, reject) => {
      const giveUp = () => waiter.end(timedOut());
      const waiter: Waiter = {
        events,
        gone: false,
        end: (error) => {
          waiter.gone = true;
          this.#bytes -= bytes;
          this.#count -= events.length;
          signal?.removeEventListener('abort', giveUp);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      signal?.addEventListener('abort', giveUp);
      this.#waiters.push(waiter);
    });
  }

  /** Takes waiting lists in as far as there is capacity; returns whether it took any. */
  admit(): boolean {
    let any = false;
    for (
      let waiter = this.#next();
      waiter !== undefined && this.#take(waiter.events);
      waiter = this.#next()
    ) {
      waiter.end();
      any = true;
    }
    return any;
  }

  /** Refuses every caller that still waits. */
  close(): void {
    for (
      let waiter = this.#next();
      waiter !== undefined;
      waiter = this.#next()
    ) {
      waiter.end(
        new OdpOutboxFullError(
          undefined,
          `The outbox was full until it was closed: ${waiter.events.length} events waited for capacity, and none of them was accepted`,
        ),
      );
    }
  }

  /** The caller that has waited longest. Those that are gone are dropped only here, where that is cheap. */
  #next(): Waiter | undefined {
    while (this.#waiters.peek()?.gone === true) this.#waiters.shift();
    return this.#waiters.peek();
  }
}

const timedOut = () =>
  new OdpTimeoutError('The outbox was full until the timeout.', false);
