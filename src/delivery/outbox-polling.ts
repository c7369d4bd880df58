import type { Clock } from '../clock.js';
import { OdpExpiredError, OdpRejectedError } from '../errors/index.js';
import type { AwaitedEvents } from './awaited-events.js';
import type { BatchTrigger } from './batch-trigger.js';
import type { OutboxAccess } from './outbox-access.js';

/** Looks what other processes that share the outbox have appended, left behind, delivered or given up. */
export class OutboxPolling {
  readonly #access: OutboxAccess;
  readonly #awaited: AwaitedEvents;
  readonly #trigger: BatchTrigger;
  readonly #clock: Clock;
  readonly #maxEventAge: number;
  #callOff = () => {};

  /** @param maxEventAge in ms */
  constructor(
    access: OutboxAccess,
    awaited: AwaitedEvents,
    trigger: BatchTrigger,
    clock: Clock,
    maxEventAge: number,
  ) {
    this.#access = access;
    this.#awaited = awaited;
    this.#trigger = trigger;
    this.#clock = clock;
    this.#maxEventAge = maxEventAge;
  }

  /** Looks at intervals, if other processes share the outbox. */
  start(): void {
    const { pollInterval } = this.#access.outbox;
    if (pollInterval === undefined) return;
    const look = () => {
      if (this.#access.isOver) return;
      this.start();
      this.#trigger.wantOld();
      void this.#lookUpAwaited();
    };
    this.#callOff = this.#clock.schedule(look, pollInterval, false);
  }

  stop(): void {
    this.#callOff();
  }

  /** Awaited events were erased, unless another process had delivered or given them up before. */
  async erased(receipts: readonly string[]): Promise<void> {
    const isShared = this.#access.outbox.pollInterval !== undefined;
    if (isShared && !(await this.#lookUpAwaited())) return;
    for (const receipt of receipts) this.#awaited.erased(receipt);
  }

  /** Returns whether it is known what other processes did with awaited events until now. */
  async #lookUpAwaited(): Promise<boolean> {
    try {
      await this.#resolveAwaited();
      return true;
    } catch (error) {
      this.#access.failed('look up events', error);
      return false;
    }
  }

  /** Relies on recorded outcomes: that an event is gone proves nothing. */
  async #resolveAwaited(): Promise<void> {
    const { receipts } = this.#awaited;
    if (receipts.length === 0) return;
    for (const outcome of await this.#access.outbox.outcomes(receipts)) {
      if (outcome.outcome === 'delivered') {
        this.#awaited.delivered(outcome.receipt);
        continue;
      }
      const { reason, status = 0, message } = outcome;
      this.#awaited.givenUp(outcome.receipt, () =>
        reason === 'expired'
          ? new OdpExpiredError(this.#maxEventAge)
          : new OdpRejectedError(status, message),
      );
    }
  }
}
