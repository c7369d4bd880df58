import { Database, ignore } from '../sql/database.js';
import type {
  PostgresOutboxClient,
  PostgresOutboxPool,
} from './postgres-outbox.options.js';

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
      connect: () => pool.connect(),
      release: (client) => client.release(),
      discard: (client) => client.release(true),
    });
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

  /** @throws OdpOutboxError when Postgres is away, refuses, or does not answer in time */
  query<Row>(
    text: string,
    values: unknown[] = [],
    timeout?: number,
  ): Promise<QueryResult<Row>> {
    const work = (client: PostgresOutboxClient) => client.query(text, values);
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

/** About 300 years, the longest interval of ms that Postgres knows. */
const MAX_MS = 1e13;

export const toInterval = (ms: number): number => Math.min(ms, MAX_MS);
