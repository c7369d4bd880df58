import { OdpOutboxError } from '../../errors/index.js';
import { withDeadline } from '../deadline.js';
import { sqlError } from '../sql/sql-error.js';
import type {
  PostgresOutboxClient,
  PostgresOutboxPool,
} from './postgres-outbox.options.js';

/** How long an answer may take, in ms, before the caller is told that none came. */
export const ANSWER = 5000;

export interface QueryResult<Row> {
  readonly rows: Row[];
  readonly rowCount: number | null;
}

const CHECK =
  'Check that Postgres runs, can be reached and lets this user at the table; what was accepted before is not affected.';

export const postgresError = (error: unknown): OdpOutboxError =>
  sqlError('Postgres', error, CHECK);

/** Runs queries through the app's pool, so that nobody waits forever and nothing crashes. */
export class Database {
  readonly #pool: PostgresOutboxPool;

  constructor(pool: PostgresOutboxPool) {
    this.#pool = pool;
  }

  /**
   * Keeps a broken connection that is idle in the pool from ending the process,
   * until the returned function is called.
   */
  watch(): () => void {
    this.#pool.on('error', ignore);
    return () => void this.#pool.off('error', ignore);
  }

  /** @throws OdpOutboxError when Postgres is away, refuses, or does not answer within `patience` ms */
  async query<Row>(
    text: string,
    values: unknown[] = [],
    patience = ANSWER,
  ): Promise<QueryResult<Row>> {
    const given = new AbortController();
    try {
      const result = await withDeadline(
        this.#borrow(given.signal, (client) =>
          untilSerialised(() => client.query(text, values)),
        ),
        patience,
        () =>
          new OdpOutboxError(
            `Postgres gave no answer (or the pool no connection) within ${patience} ms; whether it did what was asked is unknown. ${CHECK}`,
          ),
      );
      return result as QueryResult<Row>;
    } catch (error) {
      given.abort();
      throw postgresError(error);
    }
  }

  async #borrow<T>(
    givenUp: AbortSignal,
    work: (client: PostgresOutboxClient) => Promise<T>,
  ): Promise<T | undefined> {
    const client = await this.#pool.connect();
    if (givenUp.aborted) {
      client.release();
      return undefined;
    }
    // One that breaks while it is lent says so by an event, which would end the
    // process if nobody listened. It is thrown away then, and by whoever gave up.
    client.on('error', ignore);
    const discard = () => client.release(true);
    givenUp.addEventListener('abort', discard);
    const result = await work(client);
    givenUp.removeEventListener('abort', discard);
    if (!givenUp.aborted) {
      client.off('error', ignore);
      client.release();
    }
    return result;
  }
}

/**
 * Where the database's default is `repeatable read` or `serializable`, Postgres
 * undoes one of two statements that meet, and wants it to be tried again.
 */
async function untilSerialised<T>(query: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await query();
    } catch (error) {
      if ((error as { code?: unknown }).code !== SERIALISATION_FAILURE) {
        throw error;
      }
    }
  }
}

const SERIALISATION_FAILURE = '40001';

const ignore = () => {};
