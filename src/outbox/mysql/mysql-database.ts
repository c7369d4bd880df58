import { Database, ignore, OpenTransactionError } from '../sql/database.js';
import { codeOf } from '../sql/sql-error.js';
import { isUncommitted } from '../sql/transaction.js';
import { type SqlValue, withValues } from './literal.js';
import type {
  MysqlOutboxConnection,
  MysqlOutboxOptions,
} from './mysql-outbox.options.js';

/** Applies to the next transaction. The server refuses it while another is open. */
const READ_COMMITTED = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED';

/** What it says then; the first is of older drivers. */
const TRANSACTION_OPEN = [
  'ER_CANT_CHANGE_TX_ISOLATION',
  'ER_CANT_CHANGE_TX_CHARACTERISTICS',
];

/** Runs statements on one connection. */
export class Session {
  readonly #connection: MysqlOutboxConnection;

  constructor(connection: MysqlOutboxConnection) {
    this.#connection = connection;
  }

  async rows<Row>(sql: string, values: SqlValue[] = []): Promise<Row[]> {
    const rows = (await this.#query(sql, values)) as Record<string, unknown>[];
    for (const row of rows) {
      for (const [column, value] of Object.entries(row)) {
        if (Buffer.isBuffer(value)) row[column] = value.toString();
      }
    }
    return rows as Row[];
  }

  /** Returns how many rows were changed. */
  async change(sql: string, values: SqlValue[] = []): Promise<number> {
    const result = (await this.#query(sql, values)) as Result;
    return result.affectedRows ?? 0;
  }

  /**
   * Runs a statement that is a transaction of its own, and returns how many rows
   * it changed.
   *
   * @throws OpenTransactionError when it belongs to a transaction that is still open
   */
  async commit(sql: string, values: SqlValue[] = []): Promise<number> {
    const result = (await this.#query(sql, values)) as Result;
    if (isUncommitted(result)) throw new OpenTransactionError();
    return result.affectedRows ?? 0;
  }

  /** Lets the next transaction see what others have committed. */
  async readCommitted(): Promise<void> {
    try {
      await this.change(READ_COMMITTED);
    } catch (error) {
      if (!TRANSACTION_OPEN.includes(codeOf(error) ?? '')) throw error;
      throw new OpenTransactionError();
    }
  }

  async #query(sql: string, values: SqlValue[]): Promise<unknown> {
    // Set here, so that the app's pool cannot change it.
    const [result] = await this.#connection.query({
      sql: withValues(sql, values),
      rowsAsArray: false,
      nestTables: false,
      typeCast: true,
    });
    return result;
  }
}

interface Result {
  readonly affectedRows?: number;
  readonly serverStatus?: number;
}

/** Runs statements through the app's pool of `mysql2`. */
export class MysqlDatabase extends Database<MysqlOutboxConnection> {
  constructor(given: MysqlOutboxOptions['pool']) {
    const promised = 'promise' in given ? given.promise() : given;
    // `mysql2` makes a new object with promises around the pool for each `promise()`.
    const { pool = promised } = promised as { pool?: unknown };
    super({
      server: 'MySQL',
      pool,
      // `mysql2` has no public way to tell.
      // oxlint-disable-next-line no-underscore-dangle -- mysql2's name for it
      poolEnded: () => (pool as { _closed?: unknown })._closed === true,
      connect: async () => {
        const connection = await promised.getConnection();
        connection.on('error', ignore);
        return connection;
      },
      release: (connection) => connection.release(),
      discard: (connection) => connection.destroy(),
    });
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

  /** An INSERT. It reads nothing, so the level of isolation does not matter. */
  append(sql: string): Promise<number> {
    return this.session((session) => session.commit(sql));
  }

  rows<Row>(
    sql: string,
    values: SqlValue[] = [],
    timeout?: number,
  ): Promise<readonly Row[]> {
    return this.session(async (session) => {
      await session.readCommitted();
      return session.rows<Row>(sql, values);
    }, timeout);
  }

  /** One statement as a transaction of its own, at the level that {@link transaction} has. */
  alone(sql: string, values: SqlValue[], timeout?: number): Promise<number> {
    return this.session(async (session) => {
      await session.readCommitted();
      return session.commit(sql, values);
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
      await session.readCommitted();
      await session.change('START TRANSACTION');
      const result = await work(session);
      await session.change('COMMIT');
      return result;
    }, timeout);
  }
}
