import type { Observable } from 'rxjs';
import {
  OdpError,
  type OdpErrorCode,
  type OdpViolation,
} from '../errors/index.js';
import {
  type ClaimedEvent,
  outboxError,
  type OutboxEvent,
} from '../outbox/index.js';
import type { Clock } from '../clock.js';
import { nameOfThrown } from '../names.js';
import type { OdpDeliveryEvent, OdpStats } from './delivery-event.js';
import { type SuspendingAnswer, texts } from './log-texts.js';
import { factsOf } from './one-line.js';
import { Publisher } from './publisher.js';
import type { RateLimitedLogger } from './rate-limited-logger.js';

const NOTHING_YET = {
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
type Facts = Readonly<Record<string, string | number | undefined>>;

/** Reports what happens to events: counts it, publishes it, and logs what is given up. */
export class Reporter {
  readonly #account: string;
  readonly #clock: Clock;
  readonly #log: RateLimitedLogger;
  readonly #publisher: Publisher;
  readonly #counters = { ...NOTHING_YET };
  /** How many events, since their number was last logged. */
  #discarded = 0;
  /** The last line about the integration. */
  #problem: string | undefined;

  /** @param app what stands for the app, see `messageOf` */
  constructor(
    account: string,
    clock: Clock,
    log: RateLimitedLogger,
    app?: object,
  ) {
    this.#account = account;
    this.#clock = clock;
    this.#log = log;
    this.#publisher = new Publisher(
      account,
      (error) =>
        this.#write('error', 'subscriber', () =>
          texts.subscriberFailed(nameOfThrown(error)),
        ),
      app,
    );
  }

  /** What `events$` is. */
  get deliveryEvents(): Observable<OdpDeliveryEvent> {
    return this.#publisher.events;
  }

  get counters(): Readonly<Pick<OdpStats, keyof typeof NOTHING_YET>> {
    return this.#counters;
  }

  accepted(events: readonly OutboxEvent[]): void {
    this.#counters.accepted += events.length;
    if (!this.#publisher.observed('accepted')) return;
    for (const { id } of events) this.#publisher.publish('accepted', { id });
  }

  delivered(events: readonly ClaimedEvent[]): void {
    this.#counters.delivered += events.length;
    if (!this.#publisher.observed('delivered')) return;
    const now = this.#clock.now();
    for (const { id, createdAt, failedAttempts } of events) {
      const age = now - createdAt;
      this.#publisher.publish('delivered', { id, failedAttempts, age });
    }
  }

  rejected({ id }: OutboxEvent, status: number, reason: string): void {
    this.#counters.rejected++;
    this.#publisher.publish('rejected', { id, status, reason });
    this.#write('error', 'rejected', () => texts.rejected(reason), {
      id,
      status,
    });
  }

  expired({ id, createdAt }: OutboxEvent): void {
    this.#counters.expired++;
    const age = this.#clock.now() - createdAt;
    this.#publisher.publish('expired', { id, age });
    this.#write('error', 'expired', texts.expired, { id, age });
  }

  dropped(id: string | undefined, reason: OdpErrorCode, why: string): void {
    this.#counters.dropped++;
    this.#publisher.publish('dropped', { id, reason });
    this.#write('warn', `dropped ${reason}`, () => why, { id, reason });
  }

  /** @param why logged; `undefined` if the caller gets the error */
  invalid(
    violations: readonly OdpViolation[],
    source: string | undefined,
    why: string | undefined,
  ): void {
    this.#counters.invalid++;
    this.#publisher.publish('invalid', { violations, source });
    if (why === undefined) return;
    this.#write('warn', `invalid ${source ?? ''}`, () => why, { source });
  }

  /** Events were discarded, and their caller got an error: ODP is not ready, integrated or enabled. */
  discarded(reason: OdpErrorCode, why: string, count: number): void {
    this.#counters.dropped += count;
    this.#discarded += count;
    if (this.#publisher.observed('dropped')) {
      for (let left = count; left > 0; left--) {
        this.#publisher.publish('dropped', { id: undefined, reason });
      }
    }
    this.#write('warn', `discarded ${reason}`, () => why, {
      reason,
      events: count,
    });
  }

  /** @param how what the app's `identity` function did */
  identityFailed(how: string): void {
    this.#write('warn', 'identity', () => texts.identityFailed(how));
  }

  /** @param how what the app's `beforeSend` function did; the event is withheld */
  beforeSendFailed(how: string): void {
    this.#write('warn', 'beforeSend', () => texts.beforeSendFailed(how));
  }

  /** `beforeSend` withheld an event. */
  withheld(): void {
    this.#counters.withheld++;
  }

  /** A tracked event has no identifiers, such as one about an anonymous visitor. */
  anonymous(source: string | undefined): void {
    this.#counters.withheld++;
    this.#write('debug', `anonymous ${source ?? ''}`, texts.anonymous, {
      source,
    });
  }

  /** A promise that nobody awaited has rejected. */
  unawaited(error: unknown, isEvent: boolean): void {
    const { code, message } =
      isEvent || error instanceof OdpError
        ? outboxError(error)
        : { code: 'aborted', message: `${nameOfThrown(error)} ended a call.` };
    this.#write(
      'warn',
      `unawaited ${code}`,
      () => texts.unawaited(message, isEvent),
      { reason: code },
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
    if (this.#publisher.observed('retrying')) {
      const ids = events.map(({ id }) => id);
      this.#publisher.publish('retrying', { ids, status, reason, delay });
    }
    this.#write('warn', 'retrying', () => texts.retrying(reason), {
      events: events.length,
      status,
      delay,
    });
  }

  suspended(status: number, answer: SuspendingAnswer): void {
    this.#publisher.publish('suspended', { status });
    this.#write('error', 'suspended', () => texts.suspended(status, answer), {
      status,
    });
  }

  resumed(): void {
    this.#publisher.publish('resumed', {});
    this.#write('warn', 'resumed', texts.resumed);
  }

  /** Requests get through again after some had failed. */
  recovered(): void {
    this.#write('log', 'recovered', texts.recovered);
  }

  /** The outbox failed to do what a caller asked for; returns the error for the caller. */
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
    this.#publisher.publish('integrated', { host: new URL(apiHost).host });
    this.#writeOnce('log', texts.integrated(source, apiHost, isAnother));
    this.#logDiscarded();
  }

  /** The integration names no ODP account, or no longer does. */
  disintegrated(source: string): void {
    this.#publisher.publish('disintegrated', {});
    this.#writeOnce('warn', texts.disintegrated(source));
    this.#logDiscarded();
  }

  /**
   * The integration does not know the account, or not yet.
   *
   * @param meanwhile what happens until it does
   */
  integrationFailed(source: string, problem: string, meanwhile: string): void {
    const text = texts.integrationFailed(source, problem, meanwhile);
    // A different problem is logged at once.
    if (text !== this.#problem) this.#log.forget('integration');
    this.#problem = text;
    this.#write('warn', 'integration', () => text);
  }

  /** The outbox failed in the background, where no caller gets the error. */
  outboxFailed(doing: string, error: unknown): void {
    this.#counters.outboxFailures++;
    this.#write('error', `outbox ${doing}`, () =>
      texts.outboxFailed(doing, outboxError(error).message),
    );
  }

  /** The outbox removed dead letters that the option `deadLetters` does not keep. */
  deadLettersRemoved(count: number): void {
    this.#counters.deadLettersRemoved += count;
    this.#write('warn', 'dead letters removed', texts.deadLettersRemoved, {
      removed: count,
    });
  }

  /** A warning of the outbox for operators. */
  outboxWarned(message: string): void {
    this.#write('warn', 'outbox warning', () => message);
  }

  complete(): void {
    this.#logDiscarded();
    this.#publisher.complete();
  }

  /** How many events have been discarded so far, since only the first was logged. */
  #logDiscarded(): void {
    const events = this.#discarded;
    this.#discarded = 0;
    // The first one has its own line.
    if (events < 2) return;
    this.#writeOnce('warn', texts.discarded(events), { events });
  }

  /** @param kind lines of one kind share a limit */
  #write(
    level: 'log' | 'warn' | 'error' | 'debug',
    kind: string,
    text: () => string,
    facts: Facts = {},
  ): void {
    this.#log[level](kind, () => this.#lineOf(text(), facts));
  }

  /** For what is rare, and not limited. */
  #writeOnce(level: 'log' | 'warn', text: string, facts: Facts = {}): void {
    this.#log.unlimited(level, this.#lineOf(text, facts));
  }

  #lineOf(text: string, facts: Facts): string {
    return `${text} ${factsOf({ account: this.#account, ...facts })}`;
  }
}
