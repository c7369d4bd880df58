import { LONG_TIMEOUT_MS } from '../sql/database.js';
import type { TableName } from '../sql/table-name.js';
import { MysqlDatabase } from './mysql-database.js';
import { MysqlOutboxOptions } from './mysql-outbox.options.js';
import { namesOf, parseTable } from './table-name.js';

/** The version of the tables. A higher one stems from a newer version of this package. */
export const VERSION = 1;

const DEFAULT_TABLE = 'odp_outbox';

/** Compared exactly, and able to hold any character. */
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const ASCII = 'CHARACTER SET ascii COLLATE ascii_bin';

/** By the server's clock, whatever the session's time zone. */
export const NOW = 'UTC_TIMESTAMP(6)';

/** When whatever waits for nothing is due. */
export const LONG_AGO = '2000-01-01';

/** The statements of {@link mysqlOutboxSql}. */
function migrationOf(table: TableName): string[] {
  const { events, deadLetters, outcomes, format } = namesOf(table);
  return [
    `CREATE TABLE IF NOT EXISTS ${events} (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id TEXT ${TEXT} NOT NULL,
  payload LONGTEXT ${TEXT} NOT NULL,
  bytes INT UNSIGNED AS (OCTET_LENGTH(payload)) STORED,
  created_at DATETIME(3) NOT NULL,
  receipt VARCHAR(64) ${ASCII},
  -- Which process, for its flushes.
  appended_by BIGINT UNSIGNED,
  appended_at DATETIME(6) NOT NULL DEFAULT (${NOW}),
  failed_attempts INT UNSIGNED NOT NULL DEFAULT 0,
  -- From the first moment on, even if the server's clock is set back.
  due_at DATETIME(6) NOT NULL DEFAULT '${LONG_AGO}',
  -- Never NULL, so that a claim is written in place.
  claim BIGINT UNSIGNED NOT NULL DEFAULT 0,
  -- Counts, too, without reading what the events hold.
  KEY appended_by (appended_by)
) ENGINE = InnoDB`,
    // Fails if another kind of table has that name.
    `SELECT seq, payload, bytes, appended_by, due_at, claim FROM ${events} LIMIT 0`,
    `CREATE TABLE IF NOT EXISTS ${deadLetters} (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id TEXT ${TEXT} NOT NULL,
  payload LONGTEXT ${TEXT} NOT NULL,
  bytes INT UNSIGNED AS (OCTET_LENGTH(payload)) STORED,
  created_at DATETIME(3) NOT NULL,
  failed_attempts INT UNSIGNED NOT NULL,
  reason VARCHAR(16) ${ASCII} NOT NULL,
  status INT,
  message LONGTEXT ${TEXT} NOT NULL,
  dead_lettered_at DATETIME(3) NOT NULL DEFAULT (${NOW}),
  KEY id (id(64)),
  KEY bytes (bytes)
) ENGINE = InnoDB`,
    // Outcomes of awaited events, for an hour.
    `CREATE TABLE IF NOT EXISTS ${outcomes} (
  receipt VARCHAR(64) ${ASCII} NOT NULL PRIMARY KEY,
  reason VARCHAR(16) ${ASCII},
  status INT,
  message LONGTEXT ${TEXT},
  recorded_at DATETIME(3) NOT NULL DEFAULT (${NOW})
) ENGINE = InnoDB`,
    `CREATE TABLE IF NOT EXISTS ${format} (
  only_row TINYINT NOT NULL DEFAULT 1 PRIMARY KEY,
  version INT NOT NULL
) ENGINE = InnoDB`,
    `INSERT IGNORE INTO ${format} (only_row, version) VALUES (1, ${VERSION})`,
  ];
}

/**
 * The SQL that creates (or updates) the tables of a {@link mysqlOutbox}, for your
 * own migrations. It may be run again, and by several instances at once. It consists
 * of several statements, with a semicolon only at the end of each: split them there
 * if your tool takes one at a time.
 *
 * @throws OdpConfigurationError when the table's name is invalid
 */
export function mysqlOutboxSql({
  table = DEFAULT_TABLE,
}: { readonly table?: string } = {}): string {
  return `-- nestjs-optimizely-odp: the tables of mysqlOutbox({ table: '${table}' })
${migrationOf(parseTable(table)).join(';\n')};
`;
}

/**
 * Runs {@link mysqlOutboxSql} through a pool whose user may create tables.
 *
 * @throws OdpConfigurationError when an option is wrong
 * @throws OdpOutboxError when MySQL refuses or is away
 */
export async function migrateMysqlOutbox(options: {
  readonly pool: MysqlOutboxOptions['pool'];
  readonly table?: string;
}): Promise<void> {
  const { pool, table } = new MysqlOutboxOptions(options);
  await migrate(new MysqlDatabase(pool), parseTable(table));
}

/** Instances that start together migrate one after the other. */
export async function migrate(
  database: MysqlDatabase,
  table: TableName,
): Promise<void> {
  await database.session(async (session) => {
    const lock = ['nestjs-optimizely-odp', LONG_TIMEOUT_MS / 1000];
    await session.rows('SELECT GET_LOCK(?, ?)', lock);
    for (const statement of migrationOf(table)) await session.change(statement);
    await session.rows('SELECT RELEASE_LOCK(?)', lock.slice(0, 1));
  }, LONG_TIMEOUT_MS);
}
