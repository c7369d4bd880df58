import { type Clock, within } from '../clock.js';
import type { LastDeadlines } from '../delivery/index.js';
import type { AccountConnection } from './account-connection.js';
import type { AccountFlushes } from './account-flushes.js';
import type { ResolvedOptions } from './resolved-options.js';

/** How long closing waits for the integration to stop, in ms. */
const CLOSE_GRACE_MS = 1000;

/** How an account ends, within `shutdownTimeout`: it hands a shared outbox over, flushes for the last time, and closes. */
export class AccountShutdown {
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #flushes: AccountFlushes;
  readonly #connection: AccountConnection | undefined;
  #handedOver: Promise<void> | undefined;
  /** How much of `shutdownTimeout` is left, in ms. */
  #left: number;

  constructor(
    options: ResolvedOptions,
    clock: Clock,
    flushes: AccountFlushes,
    connection: AccountConnection | undefined,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#flushes = flushes;
    this.#connection = connection;
    this.#left = options.delivery.shutdownTimeout;
  }

  /**
   * The app may close the outbox's store from now on. Instances that share it take
   * over: what is under way is finished and recorded; events are still accepted.
   * Never rejects, and runs once.
   */
  handOver(): Promise<void> {
    if (this.#options.outbox.durability !== 'server') return Promise.resolve();
    this.#handedOver ??= this.#handOver();
    return this.#handedOver;
  }

  /**
   * Flushes for the last time, then closes everything. Never rejects.
   *
   * @param flushed called after the flush; no event must be taken from then on
   * @param ended called once delivery has ended, with how many events stay behind; `undefined` if the outbox did not say
   */
  async close(
    flushed: () => void,
    ended: (left: number | undefined) => void,
  ): Promise<void> {
    const connection = this.#connection;
    connection?.integration?.endDraining();
    await this.#handedOver;
    const deadlines = this.#deadlines;
    await this.#flushes.last(deadlines.claims, this.#options.outbox.durability);
    flushed();
    const integrationClosed = connection?.integration?.close();
    if (connection !== undefined) {
      ended(await connection.delivery.close(deadlines));
      connection.calls.close();
    }
    // The integration may be the app's own, and hang.
    await within(
      this.#clock,
      deadlines.requests + CLOSE_GRACE_MS - this.#clock.monotonic(),
      Promise.resolve(integrationClosed),
      () => {},
      true,
    );
  }

  async #handOver(): Promise<void> {
    const since = this.#clock.monotonic();
    await this.#connection?.delivery.handOver(this.#deadlines);
    this.#left -= Math.min(this.#clock.monotonic() - since, this.#left);
  }

  /** Those of a last flush that starts now. */
  get #deadlines(): LastDeadlines {
    const { outbox, delivery } = this.#options;
    const { shutdownTimeout, requestTimeout } = delivery;
    const requests = this.#clock.monotonic() + this.#left;
    // What a durable outbox holds is sent later anyway, so rather let requests
    // finish: events of one that is cut off would be sent again.
    const reserve =
      outbox.durability === 'process'
        ? 0
        : Math.min(shutdownTimeout / 5, requestTimeout);
    return { claims: requests - reserve, requests };
  }
}
