import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, type Channel } from 'node:diagnostics_channel';
import { type Observable, Subject } from 'rxjs';
import type { OdpError, OdpErrorCode, OdpViolation } from '../errors/index.js';
import {
  type ClaimedEvent,
  outboxError,
  type OutboxEvent,
} from '../outbox/index.js';
import type { Clock } from '../clock.js';
import { nameOfThrown } from '../names.js';
import type { OdpDeliveryEvent, OdpStats } from './delivery-event.js';
import { GuardedEvents } from './guarded-events.js';
import { factsOf } from './one-line.js';
import type { RateLimitedLogger } from './rate-limited-logger.js';

type DeliveryEventType = OdpDeliveryEvent['type'];
type DeliveryEventOf<T extends DeliveryEventType> = Extract<
  OdpDeliveryEvent,
  { type: T }
>;
type Counter =
  | 'accepted'
  | 'delivered'
  | 'rejected'
  | 'expired'
  | 'dropped'
  | 'invalid'
  | 'withheld'
  | 'retries'
  | 'requests'
  | 'outboxFailures'
  | 'deadLettersRemoved';

const CHANNEL_PREFIX = 'optimizely-odp:';

/**
 * Reports what happens to events: counts it, publishes it on `events$` and on
 * `node:diagnostics_channel`, and logs what is given up.
 */
export class Reporter {
  readonly #account: string;
  readonly #clock: Clock;
  readonly #log: RateLimitedLogger;
  readonly #deliveryEvents = new Subject<OdpDeliveryEvent>();
  /** What `events$` is. */
  readonly deliveryEvents: Observable<OdpDeliveryEvent> = new GuardedEvents(
    this.#deliveryEvents,
    (error) => this.#subscriberFailed(error),
  );
  /** Items of many requests are published in the async context of none. */
  readonly #detached = AsyncLocalStorage.snapshot();
  readonly #channels = new Map<DeliveryEventType, Channel>();
  readonly #counters: Record<Counter, number> = {
    accepted: 0,
    delivered: 0,
    rejected: 0,
    expired: 0,
    dropped: 0,
    invalid: 0,
    withheld: 0,
    retries: 0,
    requests: 0,
    outboxFailures: 0,
    deadLettersRemoved: 0,
  };
  /** Events, since their number was last logged. */
  #discarded = 0;
  /** What the integration did wrong last. */
  #problem: string | undefined;

  constructor(account: string, clock: Clock, log: RateLimitedLogger) {
    this.#account = account;
    this.#clock = clock;
    this.#log = log;
  }

  get counters(): Readonly<Pick<OdpStats, Counter>> {
    return this.#counters;
  }

  accepted(events: readonly OutboxEvent[]): void {
    this.#counters.accepted += events.length;
    if (!this.#observed('accepted')) return;
    for (const { id } of events) this.#publish('accepted', { id });
  }

  delivered(events: readonly ClaimedEvent[]): void {
    this.#counters.delivered += events.length;
    if (!this.#observed('delivered')) return;
    const now = this.#clock.now();
    for (const { id, createdAt, failedAttempts } of events) {
      this.#publish('delivered', { id, failedAttempts, age: now - createdAt });
    }
  }

  rejected({ id }: OutboxEvent, status: number, reason: string): void {
    this.#counters.rejected++;
    this.#publish('rejected', { id, status, reason });
    this.#log.error(
      'rejected',
      () =>
        `ODP rejected an event, which was given up: ${reason === '' ? 'it gave no reason' : reason} ${this.#facts({ id, status })}`,
    );
  }

  expired({ id, createdAt }: OutboxEvent): void {
    this.#counters.expired++;
    const age = this.#clock.now() - createdAt;
    this.#publish('expired', { id, age });
    this.#log.error(
      'expired',
      () =>
        `An event was given up: undelivered for longer than delivery.maxEventAge ${this.#facts({ id, age })}`,
    );
  }

  dropped(id: string | undefined, reason: OdpErrorCode, why: string): void {
    this.#counters.dropped++;
    this.#publish('dropped', { id, reason });
    this.#log.warn(
      `dropped ${reason}`,
      () => `${why} ${this.#facts({ id, reason })}`,
    );
  }

  /** @param why logged; `undefined` if the caller gets the error */
  invalid(
    violations: readonly OdpViolation[],
    source: string | undefined,
    why: string | undefined,
  ): void {
    this.#counters.invalid++;
    this.#publish('invalid', { violations, source });
    if (why === undefined) return;
    this.#log.warn(
      `invalid ${source ?? ''}`,
      () => `${why} ${this.#facts({ source })}`,
    );
  }

  /** Events were discarded, and their caller got an error: ODP is not ready, integrated or enabled. */
  discarded(reason: OdpErrorCode, why: string, count: number): void {
    this.#counters.dropped += count;
    this.#discarded += count;
    if (this.#observed('dropped')) {
      for (let left = count; left > 0; left--) {
        this.#publish('dropped', { id: undefined, reason });
      }
    }
    this.#log.warn(
      `discarded ${reason}`,
      () => `${why} ${this.#facts({ reason, events: count })}`,
    );
  }

  /** @param how what the app's `identity` function did */
  identityFailed(how: string): void {
    this.#log.warn(
      'identity',
      () =>
        `The identity function ${how}: events of this request go without its identifiers. Return undefined if nobody is calling ${this.#facts({})}`,
    );
  }

  /** @param how what the app's `beforeSend` function did; the event is withheld */
  beforeSendFailed(how: string): void {
    this.#log.warn(
      'beforeSend',
      () =>
        `The beforeSend function ${how}: the event is withheld. Return the event, or undefined to withhold it ${this.#facts({})}`,
    );
  }

  /** `beforeSend` withheld an event. */
  withheld(): void {
    this.#counters.withheld++;
  }

  /** A tracked event has no identifiers, such as one about an anonymous visitor. */
  anonymous(source: string | undefined): void {
    this.#counters.withheld++;
    this.#log.debug(
      `anonymous ${source ?? ''}`,
      () =>
        `An event was not sent: identity found no caller, and it has no identifier of its own ${this.#facts({ source })}`,
    );
  }

  /** A promise rejected that nobody awaited. */
  unawaited(error: unknown): void {
    const { code, message } = outboxError(error);
    this.#log.warn(
      `unawaited ${code}`,
      () =>
        `${message} Nobody awaited the promise that rejected: await it, or call trackOdpEvent ${this.#facts({ reason: code })}`,
    );
  }

  requested(): void {
    this.#counters.requests++;
  }

  retrying(
    events: readonly ClaimedEvent[],
    status: number | undefined,
    reason: string,
    delay: number,
  ): void {
    this.#counters.retries++;
    if (this.#observed('retrying')) {
      const ids = events.map(({ id }) => id);
      this.#publish('retrying', { ids, status, reason, delay });
    }
    this.#log.warn(
      'retrying',
      () =>
        `A request to ODP failed (${reason}); its events wait and are sent again ${this.#facts({ events: events.length, status, delay })}`,
    );
  }

  suspended(status: number): void {
    this.#publish('suspended', { status });
    this.#log.error(
      'suspended',
      () =>
        `ODP answered ${status}: the API key or the host is wrong. Delivery is suspended and nothing is given up; one event at a time is sent, at growing intervals, until ODP takes one. Check apiKey, region and apiHost, or what the integration names ${this.#facts({ status })}`,
    );
  }

  resumed(): void {
    this.#publish('resumed', {});
    this.#log.warn(
      'resumed',
      () => `ODP accepts events again; delivery goes on ${this.#facts({})}`,
    );
  }

  /** Requests get through again after some failed for the moment. */
  recovered(): void {
    this.#log.log(
      'recovered',
      () => `ODP answers again; what waits is being sent ${this.#facts({})}`,
    );
  }

  /** The outbox failed to do what a caller asked for; returns the caller's error. */
  outboxThrew(error: unknown): OdpError {
    const failure = outboxError(error);
    if (failure.code === 'outboxFailed') this.#counters.outboxFailures++;
    return failure;
  }

  /**
   * The integration names an ODP account.
   *
   * @param isAnother whether it is another one, or another key, than before
   */
  integrated(source: string, apiHost: string, isAnother: boolean): void {
    this.#publish('integrated', { host: new URL(apiHost).host });
    const what = isAnother
      ? `The ODP account has changed: ${source} names another key or host`
      : `ODP is integrated: ${source} names the account`;
    this.#log.unlimited(
      'log',
      `${what}, and events go to ${apiHost} from now on ${this.#facts({})}`,
    );
    this.#logDiscarded();
  }

  /** The integration names no ODP account, or none any more. */
  disintegrated(source: string): void {
    this.#publish('disintegrated', {});
    this.#log.unlimited(
      'warn',
      `ODP is not integrated: ${source} names no ODP account. New events are discarded, what waits stays in the outbox. Enable ODP in Optimizely ${this.#facts({})}`,
    );
    this.#logDiscarded();
  }

  /**
   * The integration does not know the account, or not yet.
   *
   * @param meanwhile what happens until it does
   */
  integrationFailed(source: string, problem: string, meanwhile: string): void {
    const subject = source.charAt(0).toUpperCase() + source.slice(1);
    const line = `${subject} ${problem}: ${meanwhile} ${this.#facts({})}`;
    if (line !== this.#problem) this.#log.forget('integration');
    this.#problem = line;
    this.#log.warn('integration', () => line);
  }

  /** How many events were discarded until now, since only the first was logged. */
  #logDiscarded(): void {
    const events = this.#discarded;
    this.#discarded = 0;
    // The first one has its own line.
    if (events < 2) return;
    this.#log.unlimited(
      'warn',
      `${events} events were discarded until now ${this.#facts({ events })}`,
    );
  }

  /** The outbox failed in the background, where no caller gets the error. */
  outboxFailed(doing: string, error: unknown): void {
    this.#counters.outboxFailures++;
    this.#log.error(
      `outbox ${doing}`,
      () =>
        `The outbox failed to ${doing} and is tried again: ${outboxError(error).message} ${this.#facts({})}`,
    );
  }

  /** The outbox removed dead letters that the option `deadLetters` does not keep. */
  deadLettersRemoved(count: number): void {
    this.#counters.deadLettersRemoved += count;
    this.#log.warn(
      'dead letters removed',
      () =>
        `The oldest dead letters were removed: there were more, or older ones, than the option deadLetters keeps ${this.#facts({ removed: count })}`,
    );
  }

  /** A warning of the outbox for operators. */
  outboxWarned(message: string): void {
    this.#log.warn(`outbox warning`, () => `${message} ${this.#facts({})}`);
  }

  complete(): void {
    this.#logDiscarded();
    this.#deliveryEvents.complete();
  }

  #channel(type: DeliveryEventType): Channel {
    let found = this.#channels.get(type);
    if (found === undefined) {
      found = channel(CHANNEL_PREFIX + type);
      this.#channels.set(type, found);
    }
    return found;
  }

  #observed(type: DeliveryEventType): boolean {
    return this.#deliveryEvents.observed || this.#channel(type).hasSubscribers;
  }

  #publish<T extends DeliveryEventType>(
    type: T,
    facts: Omit<DeliveryEventOf<T>, 'type' | 'account'>,
  ): void {
    if (!this.#observed(type)) return;
    const deliveryEvent = {
      type,
      account: this.#account,
      ...facts,
    } as DeliveryEventOf<T>;
    const publish = () => {
      this.#deliveryEvents.next(deliveryEvent);
      this.#channel(type).publish(deliveryEvent);
    };
    // This one belongs to the caller's own context.
    if (type === 'accepted') publish();
    else this.#detached(publish);
  }

  #subscriberFailed(error: unknown): void {
    this.#log.error(
      'subscriber',
      () =>
        `A subscriber of events$ threw ${nameOfThrown(error)}; delivery goes on. Catch it in the subscriber ${this.#facts({})}`,
    );
  }

  #facts(facts: Readonly<Record<string, string | number | undefined>>): string {
    return factsOf({ account: this.#account, ...facts });
  }
}
