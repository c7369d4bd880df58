import type { TableNames } from '../sql/table-name.js';
import type { EventTable } from '../sql/tables.js';
import { LONG_AGO, NOW } from './migration.js';

/** A time in the future, in µs from now. */
const LATER = `${NOW} + INTERVAL ? MICROSECOND`;

/** `+ 0e0` turns what mysql2 would return as text into a number. */
const ms = (column: string) =>
  `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${column}) / 1000 + 0e0`;
const AGE = `TIMESTAMPDIFF(MICROSECOND, appended_at, ${NOW}) / 1000 + 0e0`;
const SEQ = 'CAST(seq AS CHAR) AS seq';
/** Text as it is stored, whatever the session's character set. */
const bytes = (column: string) => `CAST(${column} AS BINARY) AS ${column}`;
const EVENT = `${SEQ}, ${bytes('id')}, ${bytes('payload')}, failed_attempts`;

/** Every statement of an outbox. */
export type Statements = ReturnType<typeof statements>;

export function statements({ events, deadLetters, outcomes }: TableNames) {
  const tables = { events, deadLetters };
  // Rows are looked up one by one. A server left to choose might scan the table, or
  // look beside a range, and wait for rows that a caller has not committed.
  const each = (table: EventTable) =>
    `JSON_TABLE(?, '$[*]' COLUMNS (seq BIGINT UNSIGNED PATH '$')) AS picked STRAIGHT_JOIN ${tables[table]} AS entry FORCE INDEX (PRIMARY) ON entry.seq = picked.seq`;
  const eachEvent = each('events');
  return {
    append: (rows: string) =>
      `INSERT INTO ${events} (id, payload, created_at, receipt, appended_by) VALUES ${rows}`,

    due: ({ lost, aged }: { lost: boolean; aged: boolean }) => `
SELECT seq, bytes FROM ${events}
WHERE seq >= ? AND ${lost ? `(due_at <= ${NOW} OR claim IN (?))` : `due_at <= ${NOW}`} ${aged ? `AND appended_at <= ${NOW} - INTERVAL ? MICROSECOND` : ''}
ORDER BY seq LIMIT ? FOR UPDATE SKIP LOCKED`,
    lease: `UPDATE ${eachEvent} SET entry.claim = ?, entry.due_at = ${LATER}`,
    claimed: `
SELECT ${EVENT}, receipt, ${ms('created_at')} AS created_at, ${AGE} AS age,
  (SELECT CAST(MIN(seq) AS CHAR) FROM ${events} WHERE seq >= ?) AS oldest
FROM ${events} WHERE seq IN (?) ORDER BY ${events}.seq`,

    acknowledge: `DELETE entry FROM ${eachEvent} WHERE entry.claim = ?`,
    release: `UPDATE ${eachEvent} SET entry.claim = 0, entry.due_at = IF(? > 0, ${LATER}, '${LONG_AGO}'), failed_attempts = failed_attempts + ? WHERE entry.claim = ?`,
    // MySQL has to be told that the list itself is not locked; MariaDB, which reads no such comment, must not be.
    held: `SELECT entry.seq, entry.receipt FROM ${eachEvent} WHERE entry.claim = ? ORDER BY entry.seq FOR UPDATE /*!80000 OF entry */`,
    record: (receipts: number) =>
      `INSERT IGNORE INTO ${outcomes} (receipt, reason, status, message) VALUES ${Array.from({ length: receipts }, () => '(?, ?, ?, ?)').join(', ')}`,
    copyToDeadLetters: `
INSERT INTO ${deadLetters} (id, payload, created_at, failed_attempts, reason, status, message)
SELECT id, payload, created_at, failed_attempts, ?, ?, ? FROM ${events} WHERE seq IN (?) ORDER BY seq`,

    /** The newest dead letter that retention does not keep. */
    beyond: `
SELECT MAX(seq) AS seq FROM (
  SELECT seq, dead_lettered_at, ROW_NUMBER() OVER (ORDER BY seq DESC) AS place,
    SUM(bytes) OVER (ORDER BY seq DESC ROWS UNBOUNDED PRECEDING) AS total
  FROM ${deadLetters}
) AS kept
WHERE dead_lettered_at < ${NOW} - INTERVAL ? MICROSECOND OR place > ? OR total > ?`,
    trim: `DELETE FROM ${deadLetters} WHERE seq <= ?`,

    outcomes: `SELECT receipt, reason, status, ${bytes('message')} FROM ${outcomes} WHERE receipt IN (?)`,
    forgetOutcomes: `DELETE FROM ${outcomes} WHERE recorded_at < ${NOW} - INTERVAL 1 HOUR`,

    newest: `SELECT CAST(COALESCE(MAX(seq), 0) AS CHAR) AS seq FROM ${events}`,
    pendingBefore: `SELECT COUNT(*) + 0e0 AS count FROM ${events} WHERE appended_by = ? AND seq <= ?`,
    counts: `
SELECT (SELECT COUNT(*) FROM ${events}) + 0e0 AS pending,
  (SELECT ${AGE} FROM ${events} ORDER BY seq LIMIT 1) AS oldest_age,
  (SELECT COUNT(*) FROM ${deadLetters}) + 0e0 AS dead`,

    deadLetters: (condition: string) => `
SELECT ${EVENT}, reason, status, ${bytes('message')}, ${ms('created_at')} AS created_at, ${ms('dead_lettered_at')} AS dead_lettered_at
FROM ${deadLetters} WHERE ${condition} AND seq > ? ORDER BY ${deadLetters}.seq LIMIT ?`,
    newestDeadLetter: `SELECT MAX(seq) AS seq FROM ${deadLetters}`,
    someDeadLetters: (condition: string) =>
      `SELECT seq FROM ${deadLetters} WHERE ${condition} AND seq <= ? ORDER BY seq LIMIT ? FOR UPDATE`,
    copyToEvents: `
INSERT INTO ${events} (id, payload, created_at)
SELECT id, payload, ${NOW} FROM ${deadLetters} WHERE seq IN (?) ORDER BY seq`,
    purge: (condition: string) =>
      `DELETE FROM ${deadLetters} WHERE ${condition}`,

    /** Rows whose text holds one of these. */
    holding: (table: EventTable, texts: number) =>
      `SELECT ${SEQ}, ${bytes('payload')} FROM ${tables[table]} WHERE ${Array.from({ length: texts }, () => 'LOCATE(?, payload) > 0').join(' OR ')}`,
    erase: (table: EventTable) => `DELETE entry FROM ${each(table)}`,
  };
}
