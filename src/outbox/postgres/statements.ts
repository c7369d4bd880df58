import type { TableName } from './table-name.js';

/** Beyond so many rows, counting them each time would cost too much. */
export const COUNTED = 10_000;

const ms = (column: string) =>
  `round(extract(epoch FROM ${column}) * 1000)::float8`;

/** The claims that are meant: `$1` rows, `$2` the fencing token of each. */
const HELD = `unnest($1::bigint[], $2::uuid[]) AS held(seq, claim)`;
const IS_HELD = `event.seq = held.seq AND event.claim = held.claim`;

const MATCHES = `($1::text[] IS NULL OR id = ANY($1))
  AND ($2::text IS NULL OR reason = $2)
  AND ($3::float8 IS NULL OR buried_at < to_timestamp($3 / 1000))`;

const count = (table: string) => `
  (SELECT count(*)::int FROM (SELECT FROM ${table} ORDER BY seq LIMIT ${COUNTED + 1}) AS first)`;
const span = (table: string) => `
  (SELECT (max(seq) - min(seq) + 1)::float8 FROM ${table})`;

/** Every statement of an outbox. Each of them is a transaction of its own, save `join`. */
export type Statements = ReturnType<typeof statements>;

export function statements({ events, deadLetters }: TableName) {
  // Each placeholder stands once and in order, for adapters that number by place.
  const append = `
INSERT INTO ${events} (id, payload, created_at)
SELECT id, payload, to_timestamp(created_at / 1000)
FROM unnest($1::text[], $2::text[], $3::float8[]) WITH ORDINALITY AS event(id, payload, created_at, place)
ORDER BY place`;

  return {
    append,

    /** In the caller's transaction; tells the listeners when that commits. */
    join: (channel: string | undefined) =>
      channel === undefined
        ? append
        : `WITH stored AS (${append}) SELECT pg_notify('${channel}', '')`,

    claim: `
WITH due AS (
  SELECT seq FROM ${events} WHERE due_at <= now()
  ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED
), lent AS (
  UPDATE ${events} AS event SET claim = $2, due_at = now() + $3::float8 * interval '1 millisecond'
  FROM due WHERE event.seq = due.seq
  RETURNING event.*
)
SELECT seq::text AS seq, id, payload, failed_attempts, ${ms('created_at')} AS created_at
FROM lent ORDER BY lent.seq`,

    acknowledge: `DELETE FROM ${events} AS event USING ${HELD} WHERE ${IS_HELD}`,

    release: `
UPDATE ${events} AS event
SET claim = NULL, due_at = now() + $3::float8 * interval '1 millisecond', failed_attempts = failed_attempts + $4::int
FROM ${HELD} WHERE ${IS_HELD}`,

    deadLetter: `
WITH gone AS (
  DELETE FROM ${events} AS event USING ${HELD} WHERE ${IS_HELD} RETURNING event.*
)
INSERT INTO ${deadLetters} (id, payload, created_at, failed_attempts, reason, status, message)
SELECT id, payload, created_at, failed_attempts, $3, $4::int, $5 FROM gone ORDER BY gone.seq`,

    stillPending: `SELECT DISTINCT id FROM ${events} WHERE id = ANY($1::text[])`,

    counts: `
SELECT ${count(events)} AS pending, ${span(events)} AS pending_span,
  (SELECT ${ms('created_at')} FROM ${events} ORDER BY seq LIMIT 1) AS oldest,
  ${count(deadLetters)} AS dead, ${span(deadLetters)} AS dead_span`,

    deadLetters: `
SELECT id, payload, ${ms('created_at')} AS created_at, failed_attempts, reason, status, message, ${ms('buried_at')} AS buried_at
FROM ${deadLetters} WHERE ${MATCHES} ORDER BY seq LIMIT $4`,

    requeue: `
WITH gone AS (DELETE FROM ${deadLetters} WHERE ${MATCHES} RETURNING seq, id, payload)
INSERT INTO ${events} (id, payload, created_at)
SELECT id, payload, now() FROM gone ORDER BY gone.seq`,

    purge: `DELETE FROM ${deadLetters} WHERE ${MATCHES}`,
  };
}
