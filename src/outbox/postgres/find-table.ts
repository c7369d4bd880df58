import { OdpOutboxError } from '../../errors/index.js';
import type { Database } from './database.js';
import { VERSION, versionOf } from './migration.js';
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
 * path of a caller's transaction leads.
 *
 * @throws OdpOutboxError when there is none, or one of a newer version
 */
export async function findTable(
  database: Database,
  table: string,
): Promise<{ readonly oid: string; readonly name: TableName }> {
  const { events } = TableName.parse(table);
  const { rows } = await database.query<Found>(FIND, [events]);
  const [found] = rows;
  const version = versionOf(found?.comment ?? null);
  if (found === undefined || version === undefined) {
    throw new OdpOutboxError(
      `There is no outbox table "${table}" here. Create it with migratePostgresOutbox({ pool, table }), ` +
        'or with the SQL of postgresOutboxSql({ table }) in your own migrations.',
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
