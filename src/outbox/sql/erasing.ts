import { namesIdentifier } from '../names-identifier.js';
import type { EventTable, OutboxTables } from './tables.js';

/** Removes the rows of a table that name one of these identifiers. Returns how many. */
export async function eraseFrom(
  table: EventTable,
  tables: OutboxTables,
  identifiers: Readonly<Record<string, string>>,
): Promise<number> {
  const texts = Object.values(identifiers).map((value) =>
    JSON.stringify(value).slice(1, -1),
  );
  const rows = await tables.holding(table, texts);
  const named = rows.filter(({ payload }) =>
    namesIdentifier(payload, identifiers),
  );
  if (named.length === 0) return 0;
  return tables.erase(
    table,
    named.map(({ seq }) => seq),
  );
}
