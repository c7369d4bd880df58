import type { Observable } from 'rxjs';
import type { OdpDeliveryEvent, OdpStats } from '../reporting/index.js';
import { OdpOutboxError, OdpValidationError } from '../errors/index.js';
import {
  countIdentifiers,
  type MadeEvent,
  type OdpEvent,
  type OdpIdentifiers,
} from '../events/index.js';
import { type Duration, parseDuration } from '../options/index.js';
import type { AmbientIdentity } from '../identity/index.js';
import type { OutboxEvent } from '../outbox/index.js';
import { awaitDelivery } from './await-delivery.js';
import type { OdpDeadLetters } from './dead-letters.js';
import { makeEvents } from './make-events.js';
import type { OdpAccount } from '../account/index.js';

/** How an event is sent. */
export interface SendOdpEventOptions {
  /**
   * Resolve only when ODP has acknowledged the event, and reject when it was
   * given up.
   * @default false
   */
  readonly awaitDelivery?: boolean | undefined;
  /**
   * With `awaitDelivery`: reject with `OdpTimeoutError` after this time; the
   * event stays in the outbox.
   * @default as long as it takes, at most `delivery.maxEventAge`
   */
  readonly timeout?: Duration | undefined;
  /**
   * The caller's own database transaction, with `postgresOutbox()`: the event
   * is sent when it commits, and never was when it rolls back. Anything with
   * `query(text, values)`.
   */
  readonly transaction?: unknown;
  /**
   * `false`: nothing of whoever is calling is filled in, for events about
   * somebody else.
   * @default true
   */
  readonly identity?: boolean | undefined;
}

/** An event that was accepted. */
export interface SentOdpEvent {
  /** Its `idempotence_id`. */
  readonly id: string;
}

/** What {@link OdpService} stands on. */
export interface OdpServiceParts {
  readonly account: OdpAccount;
  readonly ambient: AmbientIdentity;
  readonly deadLetters: OdpDeadLetters;
}

const FLUSH_TIMEOUT = 30_000;

/** Sends customer events to the Optimizely Data Platform. */
export class OdpService {
  /** Events that were given up: list them, queue them again, forget them. */
  readonly deadLetters: OdpDeadLetters;
  readonly #account: OdpAccount;
  readonly #ambient: AmbientIdentity;

  /** Made by `OptimizelyOdpModule`: inject it. */
  constructor({ account, ambient, deadLetters }: OdpServiceParts) {
    this.#account = account;
    this.#ambient = ambient;
    this.deadLetters = deadLetters;
  }

  /** What happens to events: accepted, delivered, retried, given up; delivery suspended and resumed. */
  get events$(): Observable<OdpDeliveryEvent> {
    return this.#account.reporter.deliveryEvents;
  }

  /**
   * Sends an event. Resolves once the outbox has it: from then on it is
   * delivered as surely as that outbox promises.
   *
   * @throws OdpValidationError the event breaks a rule; nothing was queued
   * @throws OdpOutboxFullError the outbox has no room; nothing was queued
   * @throws OdpOutboxError the outbox failed
   * @throws OdpNotReadyError OdpNotIntegratedError OdpNotEnabledError it was discarded
   * @throws OdpRejectedError OdpExpiredError OdpTimeoutError with `awaitDelivery`
   */
  async sendOdpEvent(
    event: OdpEvent,
    options: SendOdpEventOptions = {},
  ): Promise<SentOdpEvent> {
    const made = this.#make(event, options);
    if (options.awaitDelivery === true) {
      await this.#deliver([made], options);
    } else {
      const appended = this.#append([made], options);
      if (appended !== undefined) await appended;
    }
    return { id: made.id };
  }

  /**
   * Sends many events: all are valid and accepted, or none is. Leaves the event
   * loop its turns, however many they are. With `awaitDelivery` it resolves when
   * ODP has all of them, and rejects as soon as one was given up.
   *
   * @throws what {@link sendOdpEvent} throws; a violation's path begins with the event's index, such as `[3].action`
   */
  async sendOdpEvents(
    events: readonly OdpEvent[],
    options: SendOdpEventOptions = {},
  ): Promise<SentOdpEvent[]> {
    const { made, sent } = await makeEvents(events, (event) =>
      this.#make(event, options),
    );
    if (made.length === 0) return [];
    if (options.awaitDelivery === true) await this.#deliver(made, options);
    else await this.#append(made, options);
    return sent;
  }

  /**
   * Sends an event that nobody waits for: never throws. What goes wrong is
   * logged and shown on `events$`.
   */
  trackOdpEvent(
    event: OdpEvent,
    { identity }: Pick<SendOdpEventOptions, 'identity'> = {},
  ): void {
    this.#account.track(event, { identity });
  }

  /**
   * Tells ODP that these identifiers are one customer (`fullstack` /
   * `identified`). With fewer than two, those of the request under way
   * included, there is nothing to stitch and nothing is sent.
   *
   * @returns `undefined` when nothing was sent
   * @throws what {@link sendOdpEvent} throws
   */
  async identify(
    identifiers: OdpIdentifiers,
    options: SendOdpEventOptions = {},
  ): Promise<SentOdpEvent | undefined> {
    const count = countIdentifiers(
      identifiers,
      options.identity === false
        ? undefined
        : this.#account.callerIdentifiers(),
    );
    if (count < 2) return undefined;
    return this.sendOdpEvent({ action: 'identified', identifiers }, options);
  }

  /**
   * Sends everything that was accepted before the call, without waiting for
   * batches to fill. Concurrent calls join. Resolves when it is delivered or
   * given up, when `timeout` (30 s unless given) is over, or as soon as it is
   * clear that nothing can be sent before.
   *
   * @returns how many events are still pending
   */
  async flush(
    options: { readonly timeout?: Duration } = {},
  ): Promise<{ pending: number }> {
    return this.#account.flush(
      durationOf(options.timeout ?? FLUSH_TIMEOUT, 'timeout'),
    );
  }

  /** Counters since boot, and how far delivery lags behind. */
  stats(): OdpStats {
    return this.#account.stats();
  }

  /**
   * Runs a job on behalf of a customer: events that are sent in `fn`, and in
   * whatever it starts, get these identifiers if they lack them. Events of
   * other accounts do not, and a request that is handled in `fn` is its own caller.
   */
  runWithIdentity<T>(identifiers: OdpIdentifiers, fn: () => T): T {
    return this.#ambient.run({ identifiers, account: this.#account }, fn);
  }

  #make(event: OdpEvent, { identity }: SendOdpEventOptions): MadeEvent {
    try {
      return this.#account.make(event, identity);
    } catch (error) {
      this.#account.refused(error);
      throw error;
    }
  }

  #append(
    made: readonly OutboxEvent[],
    { transaction }: SendOdpEventOptions,
  ): void | Promise<void> {
    return this.#account.append(made, { transaction, wait: true });
  }

  async #deliver(
    made: readonly MadeEvent[],
    options: SendOdpEventOptions,
  ): Promise<void> {
    const { dispatcher, clock } = this.#account;
    if (dispatcher === undefined) return;
    if (options.transaction !== undefined) {
      throw new OdpOutboxError(
        'An event of a transaction is delivered after the commit and cannot be awaited before. Leave out awaitDelivery or transaction.',
      );
    }
    const { timeout } = options;
    await awaitDelivery(made, {
      awaited: dispatcher.awaited,
      clock,
      timeout:
        timeout === undefined ? undefined : durationOf(timeout, 'timeout'),
      append: (events) => this.#append(events, options),
    });
  }
}

function durationOf(value: Duration, path: string): number {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  throw new OdpValidationError([
    { path, message: "must be ms or text such as '30s'" },
  ]);
}
