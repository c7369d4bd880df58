import { OdpOutboxError } from '../../errors/index.js';
import type { Database } from './database.js';
import {
  PATIENCE,
  postgresOutboxSql,
  VERSION,
  versionOf,
} from './migration.js';
import { TableName } from './table-name.js';

/** Finds the table as it is seen from here: which schema, which version, and its own number. */
const FIND = `
SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, obj_description(c.oid, 'pg_class') AS comment
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1)`;

interface Found {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly comment: string | null;
}

/**
 * The table with its schema, so that it is the same one wherever the search
 * path of a caller's transaction leads. Makes it where there is none.
 *
 * @throws OdpOutboxError when it cannot be made, or is one of a newer version or of something else
 */
export async function findTable(
  database: Database,
  table: string,
): Promise<{ readonly oid: string; readonly name: TableName }> {
  const found = (await find(database, table)) ?? (await make(database, table));
  const version = versionOf(found.comment);
  if (version === undefined) {
    throw new OdpOutboxError(
      `The table "${table}" is something else than an outbox. Choose another name.`,
    );
  }
  if (version > VERSION) {
    throw new OdpOutboxError(
      `The outbox table "${table}" has version ${version}, and this version of nestjs-optimizely-odp knows ${VERSION}. ` +
        'Update the package, or choose another table.',
    );
  }
  return { oid: found.oid, name: new TableName(found.schema, found.name) };
}

async function find(
  database: Database,
  table: string,
): Promise<Found | undefined> {
  const { events } = TableName.parse(table);
  const { rows } = await database.query<Found>(FIND, [events]);
  return rows[0];
}

async function make(database: Database, table: string): Promise<Found> {
  let reason = 'it is still missing';
  try {
    await database.query(postgresOutboxSql({ table }), [], PATIENCE);
    const found = await find(database, table);
    if (found !== undefined) return found;
  } catch (error) {
    reason = (error as OdpOutboxError).message;
  }
  throw new OdpOutboxError(
    `There is no outbox table "${table}", and it could not be made: ${reason} ` +
      'Have it made by migratePostgresOutbox({ pool, table }) with a user who may, or by the SQL of postgresOutboxSql({ table }) in your own migrations.',
  );
}
