import { OdpValidationError } from '../errors/index.js';
import type { OdpEvent } from '../events/index.js';
import type { Clock } from '../clock.js';
import {
  type StoredDeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type MaybePromise,
  type OdpOutbox,
  outboxError,
} from '../outbox/index.js';
import { checkFilter } from './dead-letter-filter.js';
import { requeueAtRate } from './requeue-at-rate.js';

/** An event that was given up, as `odp.deadLetters.list` shows it. */
export interface OdpDeadLetter extends Omit<StoredDeadLetter, 'payload'> {
  /** The event as it was sent. Holds identifiers. */
  readonly event: OdpEvent;
}

/** How dead letters are queued again. */
export interface RequeueOptions {
  /**
   * At most this many events a second, so that what was given up in an outage
   * does not hold up new events.
   * @default all at once
   */
  readonly perSecond?: number | undefined;
}

const DEFAULT_LIMIT = 100;

/**
 * Events that were given up: ODP rejected them, or they grew too old. How many
 * are kept, and for how long, is up to the option `deadLetters`.
 */
export class OdpDeadLetters {
  readonly #outbox: OdpOutbox;
  readonly #clock: Clock;
  readonly #ended: AbortSignal;

  /**
   * @internal `OptimizelyOdpModule` makes it: use `odp.deadLetters`.
   * @param ended aborted when the app ends
   */
  constructor(outbox: OdpOutbox, clock: Clock, ended: AbortSignal) {
    this.#outbox = outbox;
    this.#clock = clock;
    this.#ended = ended;
  }

  /**
   * Shows dead letters, oldest first.
   *
   * @param filter which ones; all unless given. `limit`: at most this many, 100 unless given; `after`: the `cursor` of the last one seen
   * @throws OdpValidationError when the filter is invalid
   * @throws OdpOutboxError when the outbox fails
   */
  async list({
    limit = DEFAULT_LIMIT,
    after,
    ...filter
  }: DeadLetterFilter & Partial<DeadLetterPage> = {}): Promise<
    OdpDeadLetter[]
  > {
    checkFilter(filter);
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw invalid('limit', 'must be a whole number of at least 1');
    }
    const letters = await asked(() =>
      this.#outbox.deadLetters(filter, { limit, after }),
    );
    return letters.map(({ payload, ...letter }) => ({
      ...letter,
      event: JSON.parse(payload) as OdpEvent,
    }));
  }

  /**
   * Makes dead letters pending again, oldest first, as if they were new.
   *
   * @param filter which ones; all unless given
   * @returns how many; fewer than there are if the outbox has no capacity for more
   * @throws OdpValidationError when the filter or the rate is invalid
   * @throws OdpOutboxError when the outbox fails, or the app ends before all are queued
   */
  async requeue(
    filter: DeadLetterFilter = {},
    { perSecond }: RequeueOptions = {},
  ): Promise<number> {
    checkFilter(filter);
    const outbox = this.#outbox;
    if (perSecond === undefined) return asked(() => outbox.requeue(filter));
    if (!Number.isFinite(perSecond) || perSecond <= 0) {
      throw invalid('perSecond', 'must be a number above 0');
    }
    const { deadLetters: most } = await asked(() => outbox.counts());
    return requeueAtRate({
      perSecond,
      most,
      clock: this.#clock,
      ended: this.#ended,
      requeue: (limit) => asked(() => outbox.requeue(filter, limit)),
    });
  }

  /**
   * Forgets dead letters for good.
   *
   * @param filter which ones, or `{ all: true }`
   * @returns how many
   * @throws OdpValidationError when the filter is invalid or empty
   * @throws OdpOutboxError when the outbox fails
   */
  async purge(
    filter: DeadLetterFilter | { readonly all: true },
  ): Promise<number> {
    const { all, ...conditions } = { all: false, ...filter };
    checkFilter(conditions);
    const any = Object.values(conditions).some((value) => value !== undefined);
    if (!any && !all) {
      throw invalid(
        'filter',
        'must say which dead letters to forget, or { all: true }',
      );
    }
    return asked(() => this.#outbox.purge(all ? {} : conditions));
  }
}

const invalid = (path: string, message: string) =>
  new OdpValidationError([{ path, message }]);

async function asked<T>(ask: () => MaybePromise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw outboxError(error);
  }
}
