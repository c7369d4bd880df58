import { OdpValidationError } from '../errors/index.js';
import type { OdpEvent } from '../events/index.js';
import {
  type StoredDeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type MaybePromise,
  type OdpOutbox,
  outboxError,
} from '../outbox/index.js';

/** An event that was given up, as `odp.deadLetters.list` shows it. */
export interface OdpDeadLetter extends Omit<StoredDeadLetter, 'payload'> {
  /** The event as it was sent. Holds identifiers. */
  readonly event: OdpEvent;
}

const DEFAULT_LIMIT = 100;

/**
 * Events that were given up: ODP rejected them, or they grew too old. How long
 * they are kept is the outbox's matter; the memory outbox keeps the last 1000.
 */
export class OdpDeadLetters {
  readonly #outbox: OdpOutbox;

  constructor(outbox: OdpOutbox) {
    this.#outbox = outbox;
  }

  /**
   * Shows dead letters, oldest first.
   *
   * @param filter which ones; all unless given. `limit`: at most so many, 100 unless given; `after`: the `cursor` of the last one seen
   * @throws OdpOutboxError when the outbox fails
   */
  async list({
    limit = DEFAULT_LIMIT,
    after,
    ...filter
  }: DeadLetterFilter & Partial<DeadLetterPage> = {}): Promise<
    OdpDeadLetter[]
  > {
    const letters = await asked(() =>
      this.#outbox.deadLetters(filter, { limit, after }),
    );
    return letters.map(({ payload, ...letter }) => ({
      ...letter,
      event: JSON.parse(payload) as OdpEvent,
    }));
  }

  /**
   * Makes dead letters pending again, as if they were new.
   *
   * @param filter which ones; all unless given
   * @returns how many
   * @throws OdpOutboxError when the outbox fails
   */
  async requeue(filter: DeadLetterFilter = {}): Promise<number> {
    return asked(() => this.#outbox.requeue(filter));
  }

  /**
   * Forgets dead letters for good.
   *
   * @param filter which ones, or `{ all: true }`
   * @returns how many
   * @throws OdpValidationError when nothing says which
   * @throws OdpOutboxError when the outbox fails
   */
  async purge(
    filter: DeadLetterFilter | { readonly all: true },
  ): Promise<number> {
    const { all, ...conditions } = { all: false, ...filter };
    const any = Object.values(conditions).some((value) => value !== undefined);
    if (!any && !all) {
      throw new OdpValidationError([
        {
          path: 'filter',
          message: 'must say which dead letters to forget, or { all: true }',
        },
      ]);
    }
    return asked(() => this.#outbox.purge(all ? {} : conditions));
  }
}

async function asked<T>(ask: () => MaybePromise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw outboxError(error);
  }
}
