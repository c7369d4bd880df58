import type { OdpEvent } from '../events/index.js';
import { readCallOptions } from '../options/index.js';
import { watched } from '../watched-promise.js';
import type { Clock } from '../clock.js';
import {
  type StoredDeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type MaybePromise,
  type OdpOutbox,
  outboxError,
} from '../outbox/index.js';
import { checkFilter, checkPage, checkPurge } from './dead-letter-filter.js';
import { requeueAtRate } from './requeue-at-rate.js';

/** An event that was given up, as `odp.deadLetters.list` shows it. */
export interface OdpDeadLetter extends Omit<StoredDeadLetter, 'payload'> {
  /** The event as it was sent. Holds identifiers. `undefined` if what the outbox holds cannot be read. */
  readonly event: OdpEvent | undefined;
}

/** How dead letters are requeued. */
export interface RequeueOptions {
  /**
   * At most this many events a second, so that what was given up in an outage
   * does not hold up new events.
   * @default all at once
   */
  readonly perSecond?: number | undefined;
}

/**
 * Events that were given up: ODP rejected them, or they grew too old. How many
 * are kept, and for how long, is up to the option `deadLetters`.
 */
export class OdpDeadLetters {
  readonly #outbox: OdpOutbox;
  readonly #clock: Clock;
  readonly #ended: AbortSignal;
  readonly #unawaited: (error: unknown) => void;

  /**
   * @internal `OptimizelyOdpModule` makes it: use `odp.deadLetters`.
   * @param ended aborted when the app ends
   * @param unawaited is given a rejection that nobody awaits
   */
  constructor(
    outbox: OdpOutbox,
    clock: Clock,
    ended: AbortSignal,
    unawaited: (error: unknown) => void,
  ) {
    this.#outbox = outbox;
    this.#clock = clock;
    this.#ended = ended;
    this.#unawaited = unawaited;
  }

  /**
   * Shows dead letters, oldest first.
   *
   * @param filter which ones; all unless given. `limit`: at most this many, 100 unless given; `after`: the `cursor` of the last one seen
   * @throws OdpValidationError when the filter is invalid
   * @throws OdpOutboxError when the outbox fails
   */
  list(
    filter: DeadLetterFilter & Partial<DeadLetterPage> = {},
  ): Promise<OdpDeadLetter[]> {
    return this.#watched(this.#list(filter));
  }

  /**
   * Makes dead letters pending again, oldest first, as if they were new.
   *
   * @param filter which ones; all unless given
   * @returns how many; fewer than there are if the outbox has no capacity for more
   * @throws OdpValidationError when the filter or the rate is invalid
   * @throws OdpOutboxError when the outbox fails, or the app ends before all are queued
   */
  requeue(
    filter: DeadLetterFilter = {},
    options?: RequeueOptions,
  ): Promise<number> {
    return this.#watched(this.#requeue(filter, options));
  }

  /**
   * Deletes dead letters for good.
   *
   * @param filter which ones, or `{ all: true }`
   * @returns how many
   * @throws OdpValidationError when the filter is invalid or empty
   * @throws OdpOutboxError when the outbox fails
   */
  purge(filter: DeadLetterFilter | { readonly all: true }): Promise<number> {
    return this.#watched(this.#purge(filter));
  }

  async #list(filter: unknown): Promise<OdpDeadLetter[]> {
    const { limit, after, ...conditions } = checkPage(filter);
    const letters = await asked(() =>
      this.#outbox.deadLetters(conditions, { limit, after }),
    );
    return letters.map(({ payload, ...letter }) => ({
      ...letter,
      event: eventOf(payload),
    }));
  }

  async #requeue(given: unknown, options: unknown): Promise<number> {
    const filter = checkFilter(given);
    const perSecond = readCallOptions(
      options,
      { perSecond: undefined },
      (read) => read.optional('perSecond', isRate, 'must be a number above 0'),
    );
    const outbox = this.#outbox;
    if (perSecond === undefined) return asked(() => outbox.requeue(filter));
    const { deadLetters: most } = await asked(() => outbox.counts());
    return requeueAtRate({
      perSecond,
      most,
      clock: this.#clock,
      ended: this.#ended,
      requeue: (limit) => asked(() => outbox.requeue(filter, limit)),
    });
  }

  async #purge(given: unknown): Promise<number> {
    const filter = checkPurge(given);
    return asked(() => this.#outbox.purge(filter));
  }

  #watched<T>(promise: Promise<T>): Promise<T> {
    return watched(promise, this.#unawaited);
  }
}

const isRate = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0;

async function asked<T>(ask: () => MaybePromise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw outboxError(error);
  }
}

/** One that cannot be read hides no other, and no error may quote it. */
function eventOf(payload: string): OdpEvent | undefined {
  try {
    return JSON.parse(payload) as OdpEvent;
  } catch {
    return undefined;
  }
}
