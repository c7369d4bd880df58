import type { OptionsOf } from '../../options/index.js';
import { readOutboxOptions } from '../read-outbox-options.js';
import { isTableName, TABLE_NAME_PROBLEM } from '../sql/table-name.js';

/** What is used of a `mysql2` connection with promises. */
export interface MysqlOutboxConnection {
  query(options: MysqlStatement): Promise<[unknown, unknown]>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  release(): void;
  destroy(): void;
}

/** A statement as `mysql2` takes it. */
export interface MysqlStatement {
  sql: string;
  rowsAsArray: false;
  nestTables: false;
  typeCast: true;
}

/** What is used of a pool of `mysql2/promise`. It stays the app's own and is never ended. */
export interface MysqlOutboxPool {
  getConnection(): Promise<MysqlOutboxConnection>;
}

/** What is used of a pool of `mysql2`. */
export interface MysqlOutboxCallbackPool {
  promise(): MysqlOutboxPool;
}

/**
 * The least that `sendOdpEvent(event, { transaction })` takes with this outbox:
 * anything that runs a query inside the caller's transaction. `text` has its
 * values in it, as hexadecimal literals; `values` is empty. The transactions of TypeORM, Prisma, Drizzle, MikroORM, Sequelize,
 * Knex and Kysely are taken as they are.
 */
export interface MysqlTransaction {
  query(text: string, values: unknown[]): Promise<unknown>;
}

/** Options of {@link mysqlOutbox}. */
export class MysqlOutboxOptions {
  /** The app's own pool of `mysql2` or `mysql2/promise`. Each operation borrows one connection briefly. */
  readonly pool: MysqlOutboxPool | MysqlOutboxCallbackPool;

  /**
   * The table, `name` or `database.name`. Others are beside it:
   * `<table>_dead_letters`, `<table>_outcomes` and `<table>_format`. Accounts that
   * share a database need a table each; instances of one app share theirs.
   * @default 'odp_outbox'
   */
  readonly table: string = 'odp_outbox';

  /**
   * The transaction under way if a call passes none, or `undefined`. With
   * `@nestjs-cls/transactional`:
   * `() => (txHost.isTransactionActive() ? txHost.tx : undefined)`.
   */
  readonly currentTransaction: (() => unknown) | undefined;

  constructor(
    options: Pick<MysqlOutboxOptions, 'pool'> & OptionsOf<MysqlOutboxOptions>,
  ) {
    ({
      pool: this.pool,
      table: this.table,
      currentTransaction: this.currentTransaction,
    } = readOutboxOptions<MysqlOutboxOptions, MysqlOutboxOptions>(
      options,
      'mysqlOutbox',
      this,
      (read) => ({
        pool: read.required(
          'pool',
          isPool,
          "must be a pool: createPool(…) from 'mysql2' or 'mysql2/promise', not a connection",
        ),
        table: read.required('table', isTableName, TABLE_NAME_PROBLEM),
        currentTransaction: read.function('currentTransaction'),
      }),
    ));
  }
}

const isPool = (value: unknown): value is MysqlOutboxOptions['pool'] =>
  typeof (value as Partial<MysqlOutboxPool> | undefined)?.getConnection ===
  'function';
