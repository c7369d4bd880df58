import type { Observable } from 'rxjs';
import type { OdpDeliveryEvent, OdpStats } from '../reporting/index.js';
import { OdpValidationError } from '../errors/index.js';
import {
  countIdentifiers,
  type OdpDataField,
  type OdpEvent,
  type OdpEventData,
  type OdpEventInput,
  type OdpIdentifiers,
  type OdpIdentifierValue,
} from '../events/index.js';
import { type Duration, readCallOptions } from '../options/index.js';
import type { CallerContext } from '../identity/index.js';
import { OdpCustomers } from '../customers/index.js';
import { OdpApi } from '../odp/index.js';
import type {
  FetchSegmentsOptions,
  QualifiedSegments,
  QualifiedSegmentsDetails,
} from '../segments/index.js';
import type { OdpDeadLetters } from './dead-letters.js';
import { EventSender } from './event-sender.js';
import type { SentOdpEvent } from './make-events.js';
import { OdpOutboxAdmin } from './outbox-admin.js';
import { checkTrackOptions, type SendOdpEventOptions } from './send-options.js';
import { watched } from '../watched-promise.js';
import type { OdpAccount } from '../account/index.js';

const FLUSH_TIMEOUT_MS = 30_000;

/** Sends customer events to the Optimizely Data Platform. */
export class OdpService {
  /** Events that were given up: list them, requeue them, purge them. */
  readonly deadLetters: OdpDeadLetters;
  /** ODP's customers: create, update, look up. Bypasses the outbox. */
  readonly customers: OdpCustomers;
  /** The rest of ODP's REST API. Bypasses the outbox. */
  readonly api: OdpApi;
  /** Waiting events: erase a customer's. */
  readonly outbox: OdpOutboxAdmin;
  readonly #account: OdpAccount;
  readonly #callers: CallerContext;
  readonly #sender: EventSender;
  readonly #segments: QualifiedSegments;

  /** @internal `OptimizelyOdpModule` makes it: inject it. */
  constructor(
    account: OdpAccount,
    callers: CallerContext,
    deadLetters: OdpDeadLetters,
    segments: QualifiedSegments,
  ) {
    this.#segments = segments;
    this.#account = account;
    this.#callers = callers;
    this.#sender = new EventSender(account);
    this.deadLetters = deadLetters;
    this.customers = new OdpCustomers(account);
    this.api = new OdpApi(
      () => account.calls,
      (error) => account.intake.refusals.unawaited(error),
    );
    this.outbox = new OdpOutboxAdmin(
      (identifiers) => account.erase(identifiers),
      (error) => account.intake.refusals.unawaited(error),
    );
  }

  /** What happens to events: accepted, delivered, retried, given up; delivery suspended and resumed. */
  get events$(): Observable<OdpDeliveryEvent> {
    return this.#account.reporter.deliveryEvents;
  }

  /**
   * Sends an event. Resolves once the outbox has it: from then on its
   * delivery is as certain as that outbox promises.
   *
   * @throws OdpValidationError the event breaks a rule; nothing was queued
   * @throws OdpOutboxFullError the outbox is full; nothing was queued
   * @throws OdpOutboxError the outbox failed
   * @throws OdpNotReadyError OdpNotIntegratedError OdpNotEnabledError it was discarded
   * @throws OdpRejectedError OdpExpiredError OdpErasedError with `awaitDelivery`
   * @throws OdpTimeoutError `timeout` has expired
   *
   * A rejection that nobody awaits is logged, and does not end the process.
   */
  sendOdpEvent<
    I extends Partial<Record<keyof I, OdpIdentifierValue>> = OdpIdentifiers,
    D extends Partial<Record<keyof D, OdpDataField>> = OdpEventData,
  >(
    event: OdpEventInput<I, D>,
    options?: SendOdpEventOptions,
  ): Promise<SentOdpEvent> {
    return this.#sender.send(event, options);
  }

  /**
   * Sends many events: all are valid and accepted, or none is. Yields to
   * the event loop, however many there are. With `awaitDelivery` it resolves when
   * ODP has all of them, and rejects as soon as one was given up.
   *
   * @throws what {@link sendOdpEvent} throws; a violation's path begins with the event's index, such as `[3].action`
   */
  sendOdpEvents(
    events: readonly OdpEvent[],
    options?: SendOdpEventOptions,
  ): Promise<SentOdpEvent[]>;
  sendOdpEvents<
    I extends Partial<Record<keyof I, OdpIdentifierValue>>,
    D extends Partial<Record<keyof D, OdpDataField>>,
  >(
    events: readonly OdpEventInput<I, D>[],
    options?: SendOdpEventOptions,
  ): Promise<SentOdpEvent[]>;
  sendOdpEvents(
    events: readonly OdpEvent[],
    options?: SendOdpEventOptions,
  ): Promise<SentOdpEvent[]> {
    return this.#sender.sendAll(events, options);
  }

  /**
   * Sends an event that nobody waits for: never throws. What goes wrong is
   * logged and shown on `events$`.
   */
  trackOdpEvent<
    I extends Partial<Record<keyof I, OdpIdentifierValue>> = OdpIdentifiers,
    D extends Partial<Record<keyof D, OdpDataField>> = OdpEventData,
  >(
    event: OdpEventInput<I, D>,
    options?: Pick<SendOdpEventOptions, 'identity'>,
  ): void {
    const { intake } = this.#account;
    try {
      intake.track(event, checkTrackOptions(options));
    } catch (error) {
      intake.refusals.lost(error);
    }
  }

  /**
   * Tells ODP that these identifiers are one customer (`fullstack` /
   * `identified`). With fewer than two, those of the request under way
   * included, there is nothing to stitch and nothing is sent.
   *
   * @returns `undefined` when nothing was sent
   * @throws what {@link sendOdpEvent} throws
   */
  identify<
    I extends Partial<Record<keyof I, OdpIdentifierValue>> = OdpIdentifiers,
  >(
    identifiers: I,
    options?: SendOdpEventOptions,
  ): Promise<SentOdpEvent | undefined> {
    // Sending reports what is wrong with the options.
    const count = countIdentifiers(
      identifiers,
      options?.identity === false
        ? undefined
        : this.#account.caller.identifiers(),
    );
    if (count < 2) return Promise.resolve(undefined);
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
  flush(options?: {
    readonly timeout?: Duration | undefined;
  }): Promise<{ pending: number }> {
    return this.#watched(this.#flush(options));
  }

  /**
   * Which segments a customer is qualified for now, by their names in ODP. It
   * asks ODP at once, bypassing the outbox; answers are cached (option
   * `segments`), and concurrent callers share one request. A customer whom ODP
   * does not know, such as any new visitor, is qualified for nothing: `[]`.
   *
   * ```ts
   * const segments = await odp.fetchQualifiedSegments({ email }, { segments: ['vip'] });
   * ```
   *
   * @param identifiers of the customer; unless given, the caller's, and an anonymous caller is qualified for nothing. They are tried one after the other until ODP knows the customer; `vuid` only if it is the only one
   * @throws OdpSegmentsError ODP is away, slow or refuses; nothing is cached
   * @throws OdpValidationError the arguments are invalid; nothing was asked
   * @throws OdpNotReadyError OdpNotIntegratedError OdpNotEnabledError
   */
  fetchQualifiedSegments(
    identifiers: OdpIdentifiers | undefined,
    options: FetchSegmentsOptions & { readonly details: true },
  ): Promise<QualifiedSegmentsDetails>;
  fetchQualifiedSegments(
    identifiers?: OdpIdentifiers,
    options?: FetchSegmentsOptions & { readonly details?: false | undefined },
  ): Promise<string[]>;
  fetchQualifiedSegments(
    identifiers?: OdpIdentifiers,
    options?: FetchSegmentsOptions,
  ): Promise<string[] | QualifiedSegmentsDetails> {
    const shown = (found: QualifiedSegmentsDetails) =>
      options?.details === true ? found : found.segments;
    try {
      const found = this.#segments.fetch(identifiers, options);
      return found instanceof Promise
        ? this.#watched(found.then(shown))
        : Promise.resolve(shown(found));
    } catch (error) {
      return this.#watched(Promise.reject(error as Error));
    }
  }

  /**
   * Starts no more requests until {@link resume}; events are accepted meanwhile,
   * and still expire. Any flush then ends at once, even the last one.
   */
  pause(): void {
    this.#account.delivery?.pause();
  }

  /** Goes on delivering after {@link pause}. */
  resume(): void {
    this.#account.delivery?.resume();
  }

  /** Counters since boot, and how far delivery lags behind. */
  stats(): OdpStats {
    return this.#account.stats();
  }

  /**
   * Runs a job on behalf of a customer: events that are sent in `fn`, and in
   * whatever it starts, get these identifiers if they lack them. Events of
   * other accounts do not, and a request that is handled in `fn` has its own caller.
   *
   * @throws OdpValidationError `fn` is not a function
   */
  runWithIdentity<
    T,
    I extends Partial<Record<keyof I, OdpIdentifierValue>> = OdpIdentifiers,
  >(identifiers: I, fn: () => T): T {
    if (typeof fn !== 'function') {
      const message = 'must be a function, such as () => …';
      throw new OdpValidationError([{ path: 'fn', message }], 'request');
    }
    // The object stays the caller's, who may use it for the next job.
    const own =
      typeof identifiers === 'object' && identifiers !== null
        ? { ...identifiers }
        : identifiers;
    return this.#callers.runWith(own, this.#account, fn);
  }

  async #flush(given: unknown): Promise<{ pending: number }> {
    const timeout = readCallOptions(
      given,
      { timeout: FLUSH_TIMEOUT_MS },
      (read) => read.duration('timeout', 0),
    );
    return this.#account.flush(timeout);
  }

  #watched<T>(promise: Promise<T>): Promise<T> {
    return watched(promise, (error) =>
      this.#account.intake.refusals.unawaited(error),
    );
  }
}
