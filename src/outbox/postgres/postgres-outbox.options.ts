import type { OptionsOf } from '../../options/index.js';
import { readOutboxOptions } from '../read-outbox-options.js';
import { isTableName, TABLE_NAME_PROBLEM } from '../sql/table-name.js';

/** What is used of a `pg` client. */
export interface PostgresOutboxClient {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: unknown[]; rowCount: number | null }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  release(destroy?: boolean): void;
}

/** What is used of a `pg` `Pool`. It stays the app's own and is never ended. */
export interface PostgresOutboxPool {
  /** Whether `end()` was called. */
  readonly ending?: boolean;
  connect(): Promise<PostgresOutboxClient>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * The least that `sendOdpEvent(event, { transaction })` takes with this outbox:
 * anything that runs a query with `$1` placeholders inside the caller's
 * transaction. The transactions of TypeORM, Prisma, Drizzle, MikroORM, Sequelize,
 * Knex and Kysely are taken as they are.
 */
export interface PostgresTransaction {
  query(text: string, values: unknown[]): Promise<unknown>;
}

/** Options of {@link postgresOutbox}. */
export class PostgresOutboxOptions {
  /** The app's own `Pool` of `pg`. Each operation borrows one connection briefly. */
  readonly pool: PostgresOutboxPool;

  /**
   * The table, `name` or `schema.name`, exactly as in Postgres (case matters).
   * Dead letters are beside it in `<table>_dead_letters`. Accounts that share a
   * database need a table each; instances of one app share theirs.
   * @default 'odp_outbox'
   */
  readonly table: string = 'odp_outbox';

  /**
   * Whether events of a transaction are announced (`NOTIFY`) when it commits, and
   * listened for (`LISTEN`) on one more connection, opened with the pool's
   * options. Otherwise they are found within a second. Switch it off if
   * connections are scarce, behind PgBouncer in transaction mode, or with
   * two-phase commits, which Postgres does not allow together with `NOTIFY`.
   * @default true
   */
  readonly notify: boolean = true;

  /**
   * The transaction under way if a call passes none, or `undefined`. With
   * `@nestjs-cls/transactional`:
   * `() => (txHost.isTransactionActive() ? txHost.tx : undefined)`.
   */
  readonly currentTransaction: (() => unknown) | undefined;

  constructor(
    options: Pick<PostgresOutboxOptions, 'pool'> &
      OptionsOf<PostgresOutboxOptions>,
  ) {
    ({
      pool: this.pool,
      table: this.table,
      notify: this.notify,
      currentTransaction: this.currentTransaction,
    } = readOutboxOptions<PostgresOutboxOptions, PostgresOutboxOptions>(
      options,
      'postgresOutbox',
      this,
      (read) => ({
        pool: read.required(
          'pool',
          isPool,
          "must be a Pool: new Pool(…) from 'pg', not a Client",
        ),
        table: read.required('table', isTableName, TABLE_NAME_PROBLEM),
        notify: read.flag('notify'),
        currentTransaction: read.function('currentTransaction'),
      }),
    ));
  }
}

/** A `Client` can connect as well, but only once. */
function isPool(value: unknown): value is PostgresOutboxPool {
  const { connect, on, escapeLiteral } = (value ?? {}) as Partial<
    Record<string, unknown>
  >;
  return (
    typeof connect === 'function' &&
    typeof on === 'function' &&
    escapeLiteral === undefined
  );
}
