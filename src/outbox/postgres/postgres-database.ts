import { Database, ignore, OpenTransactionError } from '../sql/database.js';
import type {
  PostgresOutboxClient,
  PostgresOutboxPool,
} from './postgres-outbox.options.js';
import { codeOf } from '../sql/sql-error.js';

export interface QueryResult<Row> {
  readonly rows: Row[];
  readonly rowCount: number | null;
}

/** Runs statements through the app's pool of `pg`, each a transaction of its own. */
export class PostgresDatabase extends Database<PostgresOutboxClient> {
  readonly #pool: PostgresOutboxPool;

  constructor(pool: PostgresOutboxPool) {
    super({
      server: 'Postgres',
      pool,
      poolEnded: () => pool.ending === true,
      connect: () => connectionOf(pool),
      release: (client) => client.release(),
      discard: (client) => client.release(true),
    });
    this.#pool = pool;
  }

  /**
   * Keeps a connection that breaks while it is idle in the pool from ending the
   * process, also while the app shuts down, after the outbox has been closed.
   */
  watch(): void {
    this.#pool.off('error', ignore);
    this.#pool.on('error', ignore);
  }

  /** @throws OdpOutboxError when Postgres is away, refuses, or does not answer in time */
  query<Row>(
    text: string,
    values: unknown[] = [],
    timeout?: number,
  ): Promise<QueryResult<Row>> {
    const work = (client: PostgresOutboxClient) =>
      committed(client, () => client.query(text, values));
    return this.run(work, timeout) as Promise<QueryResult<Row>>;
  }

  async rows<Row>(
    text: string,
    values: unknown[],
    timeout?: number,
  ): Promise<readonly Row[]> {
    return (await this.query<Row>(text, values, timeout)).rows;
  }

  /** Returns how many rows were changed. */
  async count(
    text: string,
    values: unknown[],
    timeout?: number,
  ): Promise<number> {
    const { rowCount } = await this.query(text, values, timeout);
    return rowCount ?? 0;
  }
}

/** What `connect` of a `pg` pool takes as well. */
type Connect = (
  callback: (error: Error | undefined, client?: PostgresOutboxClient) => void,
) => PromiseLike<PostgresOutboxClient | undefined> | void;

/**
 * Takes a connection from the pool. Its errors are ignored before anything else that
 * the server sent is read, such as that it is about to end the connection. A promise
 * is too late for that: nobody would listen, and the error would end the process.
 */
function connectionOf(pool: PostgresOutboxPool): Promise<PostgresOutboxClient> {
  return new Promise((resolve, reject) => {
    const take = (client: PostgresOutboxClient) => {
      client.on('error', ignore);
      resolve(client);
    };
    const connecting = (pool as { connect: Connect }).connect(
      (error, client) => {
        if (client === undefined) reject(error ?? new Error('no connection'));
        else take(client);
      },
    );
    // A pool around another one may know only promises.
    connecting?.then((client) => client && take(client), reject);
  });
}

/** What is used of the connection of a `pg` client, which says how each answer left it. */
interface Answers {
  on(event: 'readyForQuery', listener: (ready: Ready) => void): unknown;
  off(event: 'readyForQuery', listener: (ready: Ready) => void): unknown;
}
interface Ready {
  readonly status?: string;
}

const NO_TRANSACTION = 'I';

/** A transaction that has failed refuses every statement with this. */
const FAILED_TRANSACTION = '25P02';

/**
 * Runs a statement that is a transaction of its own.
 *
 * @throws OpenTransactionError when it belongs to a transaction that is still open
 */
async function committed<T>(client: object, run: () => Promise<T>): Promise<T> {
  const { connection } = client as { readonly connection?: Answers };
  let after = NO_TRANSACTION;
  const answered = ({ status = NO_TRANSACTION }: Ready) => {
    after = status;
  };
  connection?.on('readyForQuery', answered);
  try {
    const result = await run();
    if (after === NO_TRANSACTION) return result;
  } catch (error) {
    if (codeOf(error) !== FAILED_TRANSACTION) throw error;
  } finally {
    connection?.off('readyForQuery', answered);
  }
  throw new OpenTransactionError();
}

/** About 300 years, the longest interval of ms that Postgres knows. */
const MAX_MS = 1e13;

export const toInterval = (ms: number): number => Math.min(ms, MAX_MS);
