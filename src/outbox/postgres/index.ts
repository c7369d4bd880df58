import type { OptionsOf } from '../../options/index.js';
import type { OdpOutbox } from '../outbox.js';
import { SqlOutbox } from '../sql/sql-outbox.js';
import { checkGrants } from './check-grants.js';
import { findTable } from './find-table.js';
import { Listener } from './listener.js';
import { PostgresDatabase } from './postgres-database.js';
import { PostgresOutboxOptions } from './postgres-outbox.options.js';
import { PostgresTables } from './postgres-tables.js';
import { statements } from './statements.js';
import { namesOf } from './table-name.js';

export { migratePostgresOutbox, postgresOutboxSql } from './migration.js';
export {
  type PostgresOutboxClient,
  PostgresOutboxOptions,
  type PostgresOutboxPool,
  type PostgresTransaction,
} from './postgres-outbox.options.js';

/**
 * Keeps accepted events in Postgres (12 or newer) until ODP has them, in a table
 * that any number of instances share. Survives the loss of any instance, and
 * joins your own transactions: `sendOdpEvent(event, { transaction })` stores the
 * event if, and only if, that transaction commits.
 *
 * It creates missing tables; if its user may not, create them
 * first: {@link migratePostgresOutbox} or {@link postgresOutboxSql}.
 *
 * @throws OdpConfigurationError when an option is wrong
 */
export function postgresOutbox(
  options: Pick<PostgresOutboxOptions, 'pool'> &
    OptionsOf<PostgresOutboxOptions>,
): OdpOutbox {
  const { pool, table, notify, currentTransaction } = new PostgresOutboxOptions(
    options,
  );
  const database = new PostgresDatabase(pool);
  return new SqlOutbox(
    'postgres',
    table,
    database,
    async (context) => {
      database.watch();
      const found = await findTable(database, table);
      const names = namesOf(found.table);
      await checkGrants(database, names);
      const channel = notify ? `odp_outbox_${found.oid}` : undefined;
      const listener =
        channel === undefined
          ? undefined
          : Listener.start(pool, channel, context);
      const sql = statements(names, channel);
      return new PostgresTables(database, sql, async () => listener?.stop());
    },
    currentTransaction,
  );
}
