import { Database } from '../sql/database.js';
import type {
  MysqlOutboxConnection,
  MysqlOutboxOptions,
  MysqlOutboxPool,
} from './mysql-outbox.options.js';

/** Applies to the next transaction. */
const READ_COMMITTED = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED';

/** Runs statements on one connection. */
export class Session {
  readonly #connection: MysqlOutboxConnection;

  constructor(connection: MysqlOutboxConnection) {
    this.#connection = connection;
  }

  async rows<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#query(sql, values)) as Row[];
  }

  /** Returns how many rows were changed. */
  async change(sql: string, values: unknown[] = []): Promise<number> {
    const result = await this.#query(sql, values);
    return (result as { affectedRows?: number }).affectedRows ?? 0;
  }

  async #query(sql: string, values: unknown[]): Promise<unknown> {
    // Set here, so that the app's pool cannot change it.
    const [result] = await this.#connection.query({
      sql,
      values,
      rowsAsArray: false,
      typeCast: true,
      namedPlaceholders: false,
    });
    return result;
  }
}

/** Runs statements through the app's pool of `mysql2`. */
export class MysqlDatabase extends Database<MysqlOutboxConnection> {
  readonly #pool: MysqlOutboxPool;

  constructor(pool: MysqlOutboxOptions['pool']) {
    const promised = 'promise' in pool ? pool.promise() : pool;
    super({
      server: 'MySQL',
      connect: () => promised.getConnection(),
      release: (connection) => connection.release(),
      discard: (connection) => connection.destroy(),
    });
    this.#pool = promised;
  }

  /** Whether `pool.end()` was called; `mysql2` has no public way to tell. */
  get poolEnded(): boolean {
    const { pool } = this.#pool as { pool?: { _closed?: unknown } };
    // oxlint-disable-next-line no-underscore-dangle -- mysql2's name for it
    return pool?._closed === true;
  }

  /**
   * Runs work on a connection, each statement a transaction of its own.
   *
   * @throws OdpOutboxError when MySQL is away, refuses, or does not answer in time
   */
  session<T>(
    work: (session: Session) => Promise<T>,
    timeout?: number,
  ): Promise<T> {
    return this.run((connection) => work(new Session(connection)), timeout);
  }

  rows<Row>(
    sql: string,
    values: unknown[] = [],
    timeout?: number,
  ): Promise<readonly Row[]> {
    return this.session((session) => session.rows<Row>(sql, values), timeout);
  }

  /** One statement as a transaction of its own, at the level that {@link transaction} has. */
  alone(sql: string, values: unknown[], timeout?: number): Promise<number> {
    return this.session(async (session) => {
      await session.change(READ_COMMITTED);
      return session.change(sql, values);
    }, timeout);
  }

  /**
   * Runs work as one transaction. It sees what others have committed, and locks only
   * rows that it changes. InnoDB's default level would lock the gaps between them as
   * well, and keep others from appending.
   *
   * @throws OdpOutboxError when MySQL is away, refuses, or does not answer in time
   */
  transaction<T>(
    work: (session: Session) => Promise<T>,
    timeout?: number,
  ): Promise<T> {
    return this.session(async (session) => {
      await session.change(READ_COMMITTED);
      await session.change('START TRANSACTION');
      const result = await work(session);
      await session.change('COMMIT');
      return result;
    }, timeout);
  }
}
