import { OdpOutboxError } from '../../errors/index.js';
import { Fifo } from '../fifo.js';
import type { OutboxEvent } from '../outbox.js';

interface Waiter {
  readonly events: readonly OutboxEvent[];
  next: number;
  resolve(): void;
  reject(reason: OdpOutboxError): void;
}

/**
 * Callers that wait for room, first come first served (`whenFull: 'wait'`). A
 * list larger than the outbox goes in by portions, as room appears.
 */
export class RoomQueue {
  readonly #waiters = new Fifo<Waiter>();
  readonly #take: (event: OutboxEvent) => boolean;

  /** `take` lets one event in, or returns `false` when there is no room. */
  constructor(take: (event: OutboxEvent) => boolean) {
    this.#take = take;
  }

  /** Returns at once where all fit, else a promise that resolves when the last is in. */
  enter(events: readonly OutboxEvent[]): void | Promise<void> {
    const taken = this.#waiters.size === 0 ? this.#takeFrom(events, 0) : 0;
    if (taken === events.length) return;
    return new Promise((resolve, reject) => {
      this.#waiters.push({ events, next: taken, resolve, reject });
    });
  }

  /** Lets waiting events in as far as there is room; tells whether any was. */
  admit(): boolean {
    let any = false;
    for (
      let waiter = this.#waiters.peek();
      waiter !== undefined;
      waiter = this.#waiters.peek()
    ) {
      const { next } = waiter;
      waiter.next = this.#takeFrom(waiter.events, next);
      any ||= waiter.next > next;
      if (waiter.next < waiter.events.length) break;
      this.#waiters.shift();
      waiter.resolve();
    }
    return any;
  }

  /** Tells everyone who still waits that there will be no room. */
  close(): void {
    for (
      let waiter = this.#waiters.shift();
      waiter !== undefined;
      waiter = this.#waiters.shift()
    ) {
      waiter.reject(
        new OdpOutboxError(
          `The outbox was closed with ${waiter.events.length - waiter.next} of these events waiting for room. ` +
            'Await what sends events before the app shuts down.',
        ),
      );
    }
  }

  #takeFrom(events: readonly OutboxEvent[], from: number): number {
    let next = from;
    for (
      let event = events[next];
      event !== undefined && this.#take(event);
      event = events[next]
    ) {
      next++;
    }
    return next;
  }
}
