import type { TableNames } from '../sql/table-name.js';
import type { EventTable } from '../sql/tables.js';

// Numbers are returned as text: what an app's pool makes of any other type depends on
// its settings (parsers of its own, or `binary`, which garbles some).

/** `date_part` is faster than `extract`, which uses decimals. */
const ms = (column: string) =>
  `round(date_part('epoch', ${column}) * 1000)::text AS ${column}`;

/** The events of one claim: `$1` rows, `$2` its fencing token. */
const IS_HELD = `event.seq = ANY($1::bigint[]) AND event.claim = $2::uuid`;

const MATCHES = `($1::text[] IS NULL OR id = ANY($1))
  AND ($2::text IS NULL OR reason = $2)
  AND ($3::float8 IS NULL OR dead_lettered_at < to_timestamp($3 / 1000))`;

/** How long outcomes are kept. */
const OUTCOME_AGE = `interval '1 hour'`;
const AGE = `(date_part('epoch', clock_timestamp() - appended_at) * 1000)::text`;
const FAILED_ATTEMPTS = 'failed_attempts::text AS failed_attempts';
const STATUS = 'status::text AS status';

/** Every statement of an outbox. Each is a transaction of its own, except `join`. */
export type Statements = ReturnType<typeof statements>;

/** @param channel announces commits of callers' transactions */
export function statements(
  { events, deadLetters, outcomes }: TableNames,
  channel: string | undefined,
) {
  const tables = { events, deadLetters };
  // Each placeholder appears once and in order, for adapters that number them by
  // position. A list is passed as one text, so that neither side has to quote its items.
  const append = `
INSERT INTO ${events} (id, payload, created_at, receipt, appended_by)
SELECT id, payload, to_timestamp(created_at / 1000), receipt, appended_by
FROM unnest(string_to_array($1, chr(31)), string_to_array($2, chr(31)), $3::float8[], string_to_array($4, chr(31), ''))
    WITH ORDINALITY AS event(id, payload, created_at, receipt, place),
  (SELECT $5::uuid AS appended_by) AS process
ORDER BY place`;

  return {
    append,

    /** Runs in the caller's transaction, and notifies listeners when it commits. */
    join:
      channel === undefined
        ? append
        : `WITH stored AS (${append}) SELECT pg_notify('${channel}', '')`,

    claim: `
WITH due AS (
  SELECT ctid AS place, seq, octet_length(payload) AS bytes FROM ${events}
  WHERE seq >= $7::bigint AND (due_at <= now() OR claim = ANY($6::uuid[])) AND ($5::float8 <= 0 OR appended_at <= now() - $5::float8 * interval '1 millisecond')
  ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED
), fitting AS (
  SELECT place, seq, total = bytes AS is_first FROM (SELECT place, seq, bytes, sum(bytes) OVER (ORDER BY seq) AS total FROM due) AS summed
  WHERE total <= $4::float8 OR total = bytes
)
UPDATE ${events} AS event SET claim = $2, due_at = now() + $3::float8 * interval '1 millisecond'
FROM fitting WHERE event.ctid = fitting.place AND event.seq = fitting.seq
RETURNING event.seq::text AS seq, id, payload, receipt, ${FAILED_ATTEMPTS}, ${ms('created_at')}, ${AGE} AS age,
  CASE WHEN is_first THEN (SELECT min(seq) FROM ${events} WHERE seq >= $7::bigint)::text END AS oldest`,

    acknowledge: `
WITH gone AS (
  DELETE FROM ${events} AS event WHERE ${IS_HELD} RETURNING event.receipt
), recorded AS (
  INSERT INTO ${outcomes} (receipt) SELECT receipt FROM gone WHERE receipt IS NOT NULL
)
SELECT FROM gone`,

    release: `
UPDATE ${events} AS event
SET claim = NULL, failed_attempts = failed_attempts + $4::int,
  due_at = CASE WHEN $3::float8 > 0 THEN now() + $3::float8 * interval '1 millisecond' ELSE '-infinity' END
WHERE ${IS_HELD}`,

    deadLetter: `
WITH gone AS (
  DELETE FROM ${events} AS event WHERE ${IS_HELD} RETURNING event.*
), recorded AS (
  INSERT INTO ${outcomes} (receipt, reason, status, message)
  SELECT receipt, $3, $4::int, $5 FROM gone WHERE receipt IS NOT NULL
)
INSERT INTO ${deadLetters} (id, payload, created_at, failed_attempts, reason, status, message)
SELECT id, payload, created_at, failed_attempts, $3, $4::int, $5 FROM gone ORDER BY gone.seq`,

    trim: `
DELETE FROM ${deadLetters} WHERE seq IN (
  SELECT seq FROM (
    SELECT seq, dead_lettered_at, row_number() OVER newest AS place, sum(octet_length(payload)) OVER newest AS bytes
    FROM ${deadLetters} WINDOW newest AS (ORDER BY seq DESC)
  ) AS kept
  WHERE dead_lettered_at < now() - $1::float8 * interval '1 millisecond' OR place > $2::float8 OR bytes > $3::float8
)`,

    outcomes: `SELECT receipt, reason, ${STATUS}, message FROM ${outcomes} WHERE receipt = ANY($1::text[])`,

    forgetOutcomes: `DELETE FROM ${outcomes} WHERE recorded_at < now() - ${OUTCOME_AGE}`,

    newest: `SELECT coalesce(max(seq), 0)::text AS seq FROM ${events}`,

    pendingBefore: `SELECT count(*)::text AS count FROM ${events} WHERE appended_by = $1 AND seq <= $2::bigint`,

    /** Rows whose text holds one of these. */
    holding: (table: EventTable) =>
      `SELECT seq::text AS seq, payload FROM ${tables[table]} WHERE payload LIKE ANY($1::text[])`,

    erase: (table: EventTable) =>
      `DELETE FROM ${tables[table]} WHERE seq = ANY($1::bigint[])`,

    counts: `
SELECT (SELECT count(*)::text FROM ${events}) AS pending,
  (SELECT ${AGE} FROM ${events} ORDER BY seq LIMIT 1) AS oldest_age,
  (SELECT count(*)::text FROM ${deadLetters}) AS dead`,

    deadLetters: `
SELECT seq::text AS seq, id, payload, ${ms('created_at')}, ${FAILED_ATTEMPTS}, reason, ${STATUS}, message, ${ms('dead_lettered_at')}
FROM ${deadLetters} AS letter WHERE ${MATCHES} AND seq > $4::bigint ORDER BY letter.seq LIMIT $5`,

    requeue: `
WITH gone AS (
  DELETE FROM ${deadLetters} WHERE seq IN (SELECT seq FROM ${deadLetters} WHERE ${MATCHES} ORDER BY seq LIMIT $4)
  RETURNING seq, id, payload
)
INSERT INTO ${events} (id, payload, created_at)
SELECT id, payload, now() FROM gone ORDER BY gone.seq`,

    purge: `DELETE FROM ${deadLetters} WHERE ${MATCHES}`,
  };
}
