import type { OdpOutbox } from '../outbox.js';
import { PostgresOutbox } from './postgres-outbox.js';
import { PostgresOutboxOptions } from './postgres-outbox.options.js';

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
 * Where the tables are missing it makes them; where its user may not, make them
 * first: {@link migratePostgresOutbox} or {@link postgresOutboxSql}.
 *
 * @throws OdpConfigurationError when an option is wrong
 */
export function postgresOutbox(
  options: Pick<PostgresOutboxOptions, 'pool'> & Partial<PostgresOutboxOptions>,
): OdpOutbox {
  return new PostgresOutbox(new PostgresOutboxOptions(options));
}
