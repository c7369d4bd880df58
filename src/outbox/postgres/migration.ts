import { LONG_TIMEOUT_MS } from '../sql/database.js';
import { PostgresDatabase } from './postgres-database.js';
import {
  PostgresOutboxOptions,
  type PostgresOutboxPool,
} from './postgres-outbox.options.js';
import { namesOf, parseTable } from './table-name.js';

/** The version of the tables. A higher one stems from a newer version of this package. */
export const VERSION = 1;

/** What Postgres says about a table that an outbox must not use. */
export const SOMETHING_ELSE = 'is not an outbox';

const DEFAULT_TABLE = 'odp_outbox';

/**
 * The SQL that creates (or updates) the tables of a {@link postgresOutbox}: one
 * statement, for your own migrations. It may be run again, and by several instances
 * at once.
 *
 * @throws OdpConfigurationError when the table's name is invalid
 */
export function postgresOutboxSql({
  table = DEFAULT_TABLE,
}: { readonly table?: string } = {}): string {
  const { events, deadLetters, outcomes, format, deadIdIndex } = namesOf(
    parseTable(table),
  );
  return `-- nestjs-optimizely-odp: the tables of postgresOutbox({ table: '${table}' })
DO $odp$
BEGIN
  -- Instances that start together migrate one after another.
  PERFORM pg_advisory_xact_lock(hashtext('nestjs-optimizely-odp'));
  IF to_regclass('${events}') IS NOT NULL AND (
    SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('${events}')
      AND attname IN ('seq', 'payload', 'appended_by', 'failed_attempts', 'due_at', 'claim')) < 6
  THEN
    RAISE EXCEPTION 'The table ${table} ${SOMETHING_ELSE}';
  END IF;

  -- A claim rewrites a row: half of each page is left for that, which keeps it
  -- off the index and short in the log.
  CREATE TABLE IF NOT EXISTS ${events} (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL,
    payload text NOT NULL,
    created_at timestamptz(3) NOT NULL,
    receipt text,
    -- Which process, for its flushes.
    appended_by uuid,
    appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    failed_attempts integer NOT NULL DEFAULT 0,
    -- From the first moment on, even if the server's clock is set back.
    due_at timestamptz NOT NULL DEFAULT '-infinity',
    claim uuid
  ) WITH (
    fillfactor = 45,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_cost_delay = 0
  );
  CREATE TABLE IF NOT EXISTS ${deadLetters} (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL,
    payload text NOT NULL,
    created_at timestamptz(3) NOT NULL,
    failed_attempts integer NOT NULL,
    reason text NOT NULL,
    status integer,
    message text NOT NULL,
    dead_lettered_at timestamptz(3) NOT NULL DEFAULT now()
  );
  -- Takes ids of any length, and is smaller than a tree.
  CREATE INDEX IF NOT EXISTS ${deadIdIndex} ON ${deadLetters} USING hash (id);
  -- What became of events whose callers wait, for an hour.
  CREATE TABLE IF NOT EXISTS ${outcomes} (
    receipt text PRIMARY KEY,
    reason text,
    status integer,
    message text,
    recorded_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE IF NOT EXISTS ${format} (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version integer NOT NULL
  );
  INSERT INTO ${format} (version) VALUES (${VERSION}) ON CONFLICT DO NOTHING;
END
$odp$;
`;
}

/**
 * Runs {@link postgresOutboxSql} through a pool whose user may create tables.
 *
 * @throws OdpConfigurationError when an option is wrong
 * @throws OdpOutboxError when Postgres refuses or is away
 */
export async function migratePostgresOutbox(options: {
  readonly pool: PostgresOutboxPool;
  readonly table?: string;
}): Promise<void> {
  const { pool, table } = new PostgresOutboxOptions(options);
  const sql = postgresOutboxSql({ table });
  await new PostgresDatabase(pool).query(sql, [], LONG_TIMEOUT_MS);
}
