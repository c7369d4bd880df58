import { type Clock, within } from '../clock.js';
import type { Delivery } from '../delivery/index.js';
import type { OutboxDurability } from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import type { BackgroundWork } from './background-work.js';

/** An account's flushes, which include what decorators are about to send. */
export class AccountFlushes {
  readonly #delivery: Delivery | undefined;
  readonly #background: BackgroundWork;
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  readonly #accountKnown: (timeout: number) => Promise<void>;

  /** @param accountKnown if events are held until the account is known, waits for that, at most this many ms */
  constructor(
    delivery: Delivery | undefined,
    background: BackgroundWork,
    reporter: Reporter,
    clock: Clock,
    accountKnown: (timeout: number) => Promise<void>,
  ) {
    this.#delivery = delivery;
    this.#background = background;
    this.#reporter = reporter;
    this.#clock = clock;
    this.#accountKnown = accountKnown;
  }

  async flush(timeout: number): Promise<{ pending: number }> {
    const left = await this.#readyToSend(timeout);
    return (await this.#delivery?.flush(left)) ?? { pending: 0 };
  }

  /** Flushes until nothing new comes in, at most until `deadline` on the monotonic clock. */
  async last(deadline: number, durability: OutboxDurability): Promise<void> {
    const clock = this.#clock;
    const { counters } = this.#reporter;
    const delivery = this.#delivery;
    let accepted: number;
    let left = Math.max(deadline - clock.monotonic(), 0);
    // Events that are there already need not wait for a decorator's functions.
    if (this.#background.underWay) void delivery?.flush(left);
    delivery?.beginShutdown();
    do {
      ({ accepted } = counters);
      // Events in a durable outbox can wait for the account until the next start.
      left = await this.#readyToSend(left, durability === 'process');
      await delivery?.flush(left);
      left = Math.max(deadline - clock.monotonic(), 0);
    } while (left > 0 && counters.accepted > accepted);
  }

  /** Returns how much of the time is left, in ms. */
  async #readyToSend(timeout: number, waitsForAccount = true): Promise<number> {
    const clock = this.#clock;
    const since = clock.monotonic();
    const left = () => Math.max(timeout - (clock.monotonic() - since), 0);
    await within(
      clock,
      timeout,
      this.#background.done(),
      () => undefined,
      true,
    );
    if (waitsForAccount) await this.#accountKnown(left());
    return left();
  }
}
