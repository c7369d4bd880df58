import { neededGrants, type Privilege, refuseMissing } from '../sql/grants.js';
import type { PostgresDatabase } from './postgres-database.js';
import type { PostgresTableNames } from './table-name.js';

/** Grants on columns count as well. */
const MISSING = `
SELECT quote_ident(current_user) AS role, needed.name AS table, needed.privilege AS privilege
FROM unnest($1::text[], $2::text[]) AS needed(name, privilege)
WHERE NOT CASE needed.privilege
  WHEN 'DELETE' THEN has_table_privilege(to_regclass(needed.name), 'DELETE')
  ELSE has_any_column_privilege(to_regclass(needed.name), needed.privilege)
END`;

interface Missing {
  readonly role: string;
  readonly table: string;
  readonly privilege: Privilege;
}

/** @throws OdpOutboxError when the pool's role may not do what an outbox does */
export async function checkGrants(
  database: PostgresDatabase,
  names: PostgresTableNames,
): Promise<void> {
  const needed = neededGrants(names);
  const missing = await database.rows<Missing>(MISSING, [
    needed.map(({ table }) => table),
    needed.map(({ privilege }) => privilege),
  ]);
  refuseMissing(missing, missing[0]?.role ?? '');
}
