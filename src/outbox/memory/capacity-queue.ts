import {
  OdpOutboxError,
  OdpOutboxFullError,
  OdpTimeoutError,
} from '../../errors/index.js';
import { Fifo } from '../fifo.js';
import type { OutboxEvent } from '../outbox.js';

interface Waiter {
  readonly events: readonly OutboxEvent[];
  resolve(): void;
  reject(reason: Error): void;
}

/**
 * Callers that wait for capacity, first come first served (`whenFull: 'wait'`).
 * A list enters whole. What waits takes memory too, so it is bounded.
 */
export class CapacityQueue {
  readonly #waiters = new Fifo<Waiter>();
  readonly #maxBytes: number;
  readonly #take: (events: readonly OutboxEvent[]) => boolean;
  #bytes = 0;

  /**
   * @param maxBytes how much payload may wait
   * @param take lets events in, or returns `false` if they do not fit now
   */
  constructor(
    maxBytes: number,
    take: (events: readonly OutboxEvent[]) => boolean,
  ) {
    this.#maxBytes = maxBytes;
    this.#take = take;
  }

  /**
   * Returns at once if all fit, else a promise that resolves when they are in.
   *
   * @throws OdpOutboxFullError too much waits already
   */
  enter(
    events: readonly OutboxEvent[],
    signal?: AbortSignal,
  ): void | Promise<void> {
    if (this.#waiters.size === 0 && this.#take(events)) return;
    const bytes = sizeOf(events);
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new OdpOutboxFullError(
        undefined,
        `Events that wait for capacity take ${this.#bytes} bytes already`,
      );
    }
    return new Promise<void>((resolve, reject) => {
      const waiter: Waiter = { events, resolve, reject };
      const giveUp = () => {
        this.#waiters.remove((other) => other === waiter);
        this.#bytes -= bytes;
        reject(
          new OdpTimeoutError('The outbox was full until the timeout.', false),
        );
      };
      if (signal?.aborted === true) {
        this.#bytes += bytes;
        giveUp();
        return;
      }
      const leave = (settle: () => void) => () => {
        signal?.removeEventListener('abort', giveUp);
        this.#bytes -= bytes;
        settle();
      };
      waiter.resolve = leave(resolve);
      waiter.reject = (reason) => leave(() => reject(reason))();
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#bytes += bytes;
      this.#waiters.push(waiter);
    });
  }

  /** Lets waiting lists in as far as there is capacity; returns whether any went in. */
  admit(): boolean {
    let any = false;
    for (
      let waiter = this.#waiters.peek();
      waiter !== undefined && this.#take(waiter.events);
      waiter = this.#waiters.peek()
    ) {
      this.#waiters.shift();
      waiter.resolve();
      any = true;
    }
    return any;
  }

  /** Refuses everyone who still waits. */
  close(): void {
    for (
      let waiter = this.#waiters.shift();
      waiter !== undefined;
      waiter = this.#waiters.shift()
    ) {
      waiter.reject(
        new OdpOutboxError(
          `The outbox was closed while ${waiter.events.length} events waited for capacity; none of them was accepted. ` +
            'Await what sends events before the app shuts down.',
        ),
      );
    }
  }
}

function sizeOf(events: readonly OutboxEvent[]): number {
  let sum = 0;
  for (const { payload } of events) sum += payload.length;
  return sum;
}
