import type { OdpAccount } from '../account/index.js';
import { OdpOutboxError } from '../errors/index.js';
import type { MadeEvent, OdpEvent } from '../events/index.js';
import type { AppendOptions, OutboxEvent } from '../outbox/index.js';
import { watched } from '../watched-promise.js';
import { awaitDelivery } from './await-delivery.js';
import { makeEvents, sentOf, type SentOdpEvent } from './make-events.js';
import { type CheckedSendOptions, checkSendOptions } from './send-options.js';
import { withTimeout } from './time-limit.js';

/**
 * Sends events that a caller waits for: until the outbox has them, or until ODP
 * does. A rejection that nobody awaits is logged.
 */
export class EventSender {
  readonly #account: OdpAccount;

  constructor(account: OdpAccount) {
    this.#account = account;
  }

  send(event: OdpEvent, options: unknown): Promise<SentOdpEvent> {
    try {
      const checked = this.#check(options);
      const made = this.#make(event, checked);
      const sent = sentOf(made);
      if (made === undefined) return Promise.resolve(sent);
      const done = checked.awaitDelivery
        ? this.#deliver([made], checked)
        : this.#append([made], checked);
      // Most outboxes have it at once.
      if (done === undefined) return Promise.resolve(sent);
      return this.#watched(done.then(() => sent));
    } catch (error) {
      return this.#watched(Promise.reject(error as Error));
    }
  }

  /** All are valid and accepted, or none is. */
  sendAll(
    events: readonly OdpEvent[],
    options: unknown,
  ): Promise<SentOdpEvent[]> {
    return this.#watched(this.#sendAll(events, options));
  }

  async #sendAll(
    events: readonly OdpEvent[],
    given: unknown,
  ): Promise<SentOdpEvent[]> {
    const options = this.#check(given);
    const { made, sent } = await makeEvents(events, (event) =>
      this.#make(event, options, events.length),
    );
    if (made.length === 0) return sent;
    if (options.awaitDelivery) await this.#deliver(made, options);
    else await this.#append(made, options);
    return sent;
  }

  #watched<T>(promise: Promise<T>): Promise<T> {
    return watched(promise, (error) =>
      this.#account.intake.refusals.unawaited(error, true),
    );
  }

  #check(options: unknown): CheckedSendOptions {
    try {
      return checkSendOptions(options);
    } catch (error) {
      this.#account.intake.refusals.awaited(error);
      throw error;
    }
  }

  /** @param count how many events are sent, or refused, together */
  #make(
    event: OdpEvent,
    options: CheckedSendOptions,
    count = 1,
  ): MadeEvent | undefined {
    try {
      return this.#account.intake.make(event, options.identity);
    } catch (error) {
      this.#account.intake.refusals.awaited(error, count);
      throw error;
    }
  }

  #append(
    made: readonly OutboxEvent[],
    options: CheckedSendOptions,
  ): void | Promise<void> {
    const { transaction, timeout } = options;
    if (timeout !== undefined) {
      return withTimeout(this.#account.clock, timeout, (signal) =>
        this.#appendNow(made, { transaction, wait: true, signal }),
      );
    }
    return this.#appendNow(made, { transaction, wait: true });
  }

  #appendNow(
    made: readonly OutboxEvent[],
    options: AppendOptions,
  ): void | Promise<void> {
    try {
      return this.#account.intake.append(made, options);
    } catch (error) {
      // Making a long list yields to the event loop, so the account may have closed since.
      this.#account.intake.refusals.awaited(error, made.length);
      throw error;
    }
  }

  async #deliver(
    made: readonly MadeEvent[],
    { transaction, timeout }: CheckedSendOptions,
  ): Promise<void> {
    const { delivery, clock } = this.#account;
    if (delivery === undefined) return;
    if (delivery.outbox.joinsTransaction({ transaction })) {
      throw new OdpOutboxError(
        'An event of a transaction is delivered after the commit and cannot be awaited before. Leave out awaitDelivery, or send it outside of the transaction.',
      );
    }
    await withTimeout(clock, timeout, (signal) =>
      awaitDelivery(
        made,
        delivery.awaited,
        (events) => this.#appendNow(events, { wait: true, signal }),
        signal,
      ),
    );
  }
}
