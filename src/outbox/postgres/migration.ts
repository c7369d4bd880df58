import { Database } from './database.js';
import {
  PostgresOutboxOptions,
  type PostgresOutboxPool,
} from './postgres-outbox.options.js';
import { TableName } from './table-name.js';

/** Of the tables. A greater one was made by a newer version of this package. */
export const VERSION = 1;

/** A migration may wait for another instance's, in ms. */
export const PATIENCE = 60_000;

const DEFAULT_TABLE = 'odp_outbox';

/**
 * The SQL that makes (or brings up to date) the tables of a
 * {@link postgresOutbox}: one statement, for your own migrations. It may be run
 * again, and by several instances at once.
 *
 * @throws OdpConfigurationError when the table's name is wrong
 */
export function postgresOutboxSql({
  table = DEFAULT_TABLE,
}: { readonly table?: string } = {}): string {
  const { events, deadLetters, outcomes, deadIdIndex } = TableName.parse(table);
  return `-- nestjs-optimizely-odp: the tables of postgresOutbox({ table: '${table}' })
DO $odp$
DECLARE
  present integer;
BEGIN
  -- Instances that start together migrate one after another.
  PERFORM pg_advisory_xact_lock(hashtext('nestjs-optimizely-odp'));
  present := coalesce(substring(
    obj_description(to_regclass('${events}'), 'pg_class')
    from '^nestjs-optimizely-odp outbox, version ([0-9]+)$')::integer, 0);

  IF present < 1 THEN
    -- A claim rewrites a row: the room left in each page keeps that off the indexes.
    CREATE TABLE ${events} (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text NOT NULL,
      payload text NOT NULL,
      created_at timestamptz(3) NOT NULL,
      receipt text,
      -- Which process, for its flushes.
      appended_by uuid,
      appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      failed_attempts integer NOT NULL DEFAULT 0,
      due_at timestamptz NOT NULL DEFAULT now(),
      claim uuid
    ) WITH (
      fillfactor = 70,
      autovacuum_vacuum_scale_factor = 0.01,
      autovacuum_vacuum_cost_delay = 0
    );
    CREATE TABLE ${deadLetters} (
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
    CREATE INDEX ${deadIdIndex} ON ${deadLetters} USING hash (id);
    -- What became of events whose callers wait, for an hour.
    CREATE TABLE ${outcomes} (
      receipt text PRIMARY KEY,
      reason text,
      status integer,
      message text,
      recorded_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE ${events} IS 'nestjs-optimizely-odp outbox, version 1';
  END IF;
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
  await new Database(pool).query(sql, [], PATIENCE);
}

/** Which version a comment on the table tells of. */
export function versionOf(comment: string | null): number | undefined {
  const [, version] =
    /^nestjs-optimizely-odp outbox, version (\d+)$/.exec(comment ?? '') ?? [];
  return version === undefined ? undefined : Number(version);
}
