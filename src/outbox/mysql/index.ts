import type { OptionsOf } from '../../options/index.js';
import type { OdpOutbox } from '../outbox.js';
import { SqlOutbox } from '../sql/sql-outbox.js';
import { checkServer } from './check-server.js';
import { findTable } from './find-table.js';
import { MysqlDatabase } from './mysql-database.js';
import { MysqlOutboxOptions } from './mysql-outbox.options.js';
import { MysqlTables } from './mysql-tables.js';
import { statements } from './statements.js';
import { namesOf } from './table-name.js';

export { migrateMysqlOutbox, mysqlOutboxSql } from './migration.js';
export {
  type MysqlOutboxCallbackPool,
  type MysqlOutboxConnection,
  MysqlOutboxOptions,
  type MysqlOutboxPool,
  type MysqlStatement,
  type MysqlTransaction,
} from './mysql-outbox.options.js';

/**
 * Keeps accepted events in MySQL 8 or MariaDB (10.6 or newer) until ODP has them,
 * in a table that any number of instances share. Survives the loss of any
 * instance, and joins your own transactions: `sendOdpEvent(event, { transaction })`
 * stores the event if, and only if, that transaction commits.
 *
 * It creates missing tables; if its user may not, create them
 * first: {@link migrateMysqlOutbox} or {@link mysqlOutboxSql}.
 *
 * @throws OdpConfigurationError when an option is wrong
 */
export function mysqlOutbox(
  options: Pick<MysqlOutboxOptions, 'pool'> & OptionsOf<MysqlOutboxOptions>,
): OdpOutbox {
  const { pool, table, currentTransaction } = new MysqlOutboxOptions(options);
  const database = new MysqlDatabase(pool);
  return new SqlOutbox(
    'mysql',
    table,
    database,
    async () => {
      const maxPacket = await checkServer(database);
      const names = namesOf(await findTable(database, table));
      return new MysqlTables(database, statements(names), maxPacket);
    },
    currentTransaction,
  );
}
