import { type Clock, within } from '../clock.js';
import type { Delivery } from '../delivery/index.js';
import type { OutboxDurability } from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import type { BackgroundWork } from './background-work.js';

/** What flushes work with. */
export interface AccountFlushParts {
  readonly delivery: Delivery | undefined;
  readonly background: BackgroundWork;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly durability: OutboxDurability;
  /** Waits for the account to send events to, at most so many ms, if that is what they wait for. */
  accountKnown(timeout: number): Promise<void>;
}

/** Flushes of an account: they cover what decorators are about to send, too. */
export class AccountFlushes {
  readonly #parts: AccountFlushParts;

  constructor(parts: AccountFlushParts) {
    this.#parts = parts;
  }

  async flush(timeout: number): Promise<{ pending: number }> {
    const left = await this.#readyToSend(timeout);
    return (await this.#parts.delivery?.flush(left)) ?? { pending: 0 };
  }

  /** Flushes until nothing new has come in meanwhile. Returns how much of the time, in ms, is left. */
  async last(timeout: number): Promise<number> {
    const { clock, reporter, delivery, background, durability } = this.#parts;
    // What is there already need not wait for a decorator's functions.
    if (background.underWay) void delivery?.flush(timeout);
    const deadline = clock.monotonic() + timeout;
    let accepted: number;
    let left = timeout;
    delivery?.hurry();
    do {
      ({ accepted } = reporter.counters);
      // What a durable outbox holds can wait for the account until the next start.
      left = await this.#readyToSend(left, durability === 'process');
      await delivery?.flush(left);
      left = Math.max(deadline - clock.monotonic(), 0);
    } while (left > 0 && reporter.counters.accepted > accepted);
    return left;
  }

  /** Returns how much of the time, in ms, is left. */
  async #readyToSend(timeout: number, waitsForAccount = true): Promise<number> {
    const { clock, background, accountKnown } = this.#parts;
    const since = clock.monotonic();
    const left = () => Math.max(timeout - (clock.monotonic() - since), 0);
    await within(clock, timeout, background.done(), () => undefined, true);
    if (waitsForAccount) await accountKnown(left());
    return left();
  }
}
