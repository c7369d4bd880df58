import {
  OdpErasedError,
  OdpTimeoutError,
  type OdpError,
} from '../errors/index.js';
import { namesIdentifier } from '../outbox/index.js';

interface Waiter {
  readonly payload: string;
  resolve(): void;
  reject(error: OdpError): void;
  /** The outbox has the event, and other processes may deliver it from now on. */
  accepted: boolean;
}

/** A caller's wait for one event. */
export interface AwaitedEvent {
  /** Resolves when ODP acknowledged the event, rejects when it was given up. */
  readonly outcome: Promise<void>;
  /** The outbox has the event. */
  accepted(): void;
  /** The wait is over without an answer. */
  giveUp(error: OdpError): void;
}

/** Callers that await their event's delivery, by its receipt. */
export class AwaitedEvents {
  readonly #waiters = new Map<string, Waiter>();

  get any(): boolean {
    return this.#waiters.size > 0;
  }

  /** The receipts of awaited events that the outbox has. */
  get receipts(): string[] {
    return [...this.#waiters]
      .filter(([, { accepted }]) => accepted)
      .map(([receipt]) => receipt);
  }

  /** Starts waiting for an event that is about to be appended. */
  expect(receipt: string, payload: string): AwaitedEvent {
    let waiter!: Waiter;
    const outcome = new Promise<void>((resolve, reject) => {
      waiter = { payload, resolve, reject, accepted: false };
    });
    this.#waiters.set(receipt, waiter);
    return {
      outcome,
      accepted: () => {
        waiter.accepted = true;
      },
      giveUp: (error) => this.givenUp(receipt, () => error),
    };
  }

  delivered(receipt: string | undefined): void {
    this.#take(receipt)?.resolve();
  }

  givenUp(receipt: string | undefined, error: () => OdpError): void {
    this.#take(receipt)?.reject(error());
  }

  /**
   * The receipts of awaited events that the outbox has and that name one of these
   * identifiers.
   */
  naming(identifiers: Readonly<Record<string, string>>): string[] {
    return [...this.#waiters]
      .filter(
        ([, { accepted, payload }]) =>
          accepted && namesIdentifier(payload, identifiers),
      )
      .map(([receipt]) => receipt);
  }

  /** The outbox has erased the event. */
  erased(receipt: string): void {
    this.givenUp(receipt, () => new OdpErasedError());
  }

  /** Ends every wait: no more answers will come. */
  close(): void {
    for (const receipt of this.#waiters.keys()) {
      this.givenUp(
        receipt,
        () =>
          new OdpTimeoutError(
            'The app shut down before ODP had acknowledged the event.',
          ),
      );
    }
  }

  #take(receipt: string | undefined): Waiter | undefined {
    if (receipt === undefined) return undefined;
    const waiter = this.#waiters.get(receipt);
    this.#waiters.delete(receipt);
    return waiter;
  }
}
