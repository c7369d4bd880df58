import { OdpOutboxError } from '../../errors/index.js';
import { LONG_TIMEOUT_MS } from '../sql/database.js';
import { checkVersion, notMade } from '../sql/format.js';
import type { TableName } from '../sql/table-name.js';
import { postgresOutboxSql, SOMETHING_ELSE, VERSION } from './migration.js';
import type { PostgresDatabase } from './postgres-database.js';
import { namesOf, parseTable } from './table-name.js';

/** Finds the table as seen from this connection: its schema and its oid. */
const FIND = `
SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, to_regclass($2)::text AS format
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1)`;

interface Found {
  readonly oid: string;
  readonly table: TableName;
}

/**
 * The table with its schema, so that it is the same one whatever the search path of
 * a caller's transaction. Creates it if there is none.
 *
 * @throws OdpOutboxError when it cannot be created, is of a newer version, or is not an outbox
 */
export async function findTable(
  database: PostgresDatabase,
  table: string,
): Promise<Found> {
  return (await find(database, table)) ?? (await make(database, table));
}

/** `undefined` if any part of it is missing. */
async function find(
  database: PostgresDatabase,
  table: string,
): Promise<Found | undefined> {
  const { events, format } = namesOf(parseTable(table));
  const { rows } = await database.query<
    TableName & { readonly oid: string; readonly format: string | null }
  >(FIND, [events, format]);
  const [found] = rows;
  if (found === undefined || found.format === null) return undefined;
  const { schema, name, oid } = found;
  const { rows: versions } = await database.query<{ version: string }>(
    `SELECT version::text AS version FROM ${namesOf({ schema, name }).format}`,
  );
  if (versions[0] === undefined) return undefined;
  checkVersion(table, Number(versions[0].version), VERSION);
  return { oid, table: { schema, name } };
}

async function make(database: PostgresDatabase, table: string): Promise<Found> {
  let reason = 'it is still missing';
  try {
    await database.query(postgresOutboxSql({ table }), [], LONG_TIMEOUT_MS);
    const found = await find(database, table);
    if (found !== undefined) return found;
  } catch (error) {
    reason = (error as OdpOutboxError).message;
    if (reason.includes(SOMETHING_ELSE)) {
      throw new OdpOutboxError(
        `The table "${table}" ${SOMETHING_ELSE}. Choose another name.`,
      );
    }
  }
  throw notMade(table, reason, 'migratePostgresOutbox', 'postgresOutboxSql');
}
