import { OdpTimeoutError, type OdpError } from '../errors/index.js';

interface Waiter {
  resolve(): void;
  reject(error: OdpError): void;
}

/** A caller's wait for one event. */
export interface AwaitedEvent {
  /** Resolves when ODP acknowledged the event, rejects when it was given up. */
  readonly settled: Promise<void>;
  /** The outbox has the event: from now on other processes may deliver it. */
  accepted(): void;
  /** The wait is over without an answer. */
  giveUp(error: OdpError): void;
}

/** Callers that wait for their event's delivery, by its id. */
export class AwaitedEvents {
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #accepted = new Set<string>();

  /** The awaited events that the outbox has. */
  get ids(): string[] {
    return [...this.#accepted];
  }

  /** Begins to wait for an event that is about to be appended. */
  expect(id: string): AwaitedEvent {
    const { promise: settled, ...waiter } = deferred();
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(waiter));
    return {
      settled,
      accepted: () => {
        if (waiters.has(waiter)) this.#accepted.add(id);
      },
      giveUp: (error) => {
        waiters.delete(waiter);
        if (waiters.size === 0) this.#take(id);
        waiter.reject(error);
      },
    };
  }

  delivered(id: string): void {
    for (const { resolve } of this.#take(id)) resolve();
  }

  givenUp(id: string, error: () => OdpError): void {
    const waiters = this.#take(id);
    if (waiters.size === 0) return;
    const reason = error();
    for (const { reject } of waiters) reject(reason);
  }

  /** Nobody will learn of these events any more. */
  close(): void {
    for (const id of this.#waiters.keys()) {
      this.givenUp(
        id,
        () =>
          new OdpTimeoutError(
            'The app shut down before ODP had acknowledged the event.',
          ),
      );
    }
  }

  #take(id: string): ReadonlySet<Waiter> {
    // Looking up an id is not free, and mostly nobody waits.
    if (this.#waiters.size === 0) return NOBODY;
    const waiters = this.#waiters.get(id);
    if (waiters === undefined) return NOBODY;
    this.#waiters.delete(id);
    this.#accepted.delete(id);
    return waiters;
  }
}

const NOBODY: ReadonlySet<Waiter> = new Set();

function deferred(): Waiter & { promise: Promise<void> } {
  let resolve!: () => void;
  let reject!: (error: OdpError) => void;
  const promise = new Promise<void>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}
