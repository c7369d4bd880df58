import type { DeadLetterFilter, OutboxEvent } from '../outbox.js';
import { sizeOf } from '../size-of.js';
import { toStoredText } from '../stored-text.js';

/** About 300 years, since dates end in 9999. */
const MAX_MS = 1e13;

/** How many rows, or bytes of payload, go into one INSERT: servers limit its size. */
const MAX_ROWS = 1000;
const MAX_BYTES = 2 ** 20;

const ASCII = /^[\x20-\x7e]*$/;

/** Text that is not plain is sent as bytes, which nothing on the way converts. */
const toText = (text: string): string | Buffer =>
  ASCII.test(text) ? text : Buffer.from(text);

/** How any string is stored as an `id` or `message`. */
export const toStored = (text: string): string | Buffer =>
  toText(toStoredText(text));

/**
 * A text as mysql2 takes it in one piece. Left to itself it escapes each of a
 * JSON's quotes, though none of them would end the literal.
 */
export function toLiteral(value: unknown): unknown {
  if (typeof value !== 'string' || !ASCII.test(value)) return value;
  const text = value.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  return { toSqlString: () => `'${text}'` };
}

/** A time in ms since the epoch as UTC. */
export const toDate = (time: number): string =>
  new Date(time).toISOString().replace('T', ' ').slice(0, -1);

export const toMicroseconds = (ms: number): number =>
  Math.round(Math.min(ms, MAX_MS) * 1000);

/** Numbers of rows, as SQL compares them with an index. */
export const toSeqs = (rows: readonly { seq: string | number }[]): number[] =>
  rows.map(({ seq }) => Number(seq));

/** A UUID's random part as a number, at a quarter of the size in each row and statement. */
export const toNumber = (uuid: string): number =>
  Number.parseInt(uuid.replaceAll('-', '').slice(-13), 16);

/** Rows as a condition and its values. One range is faster than a list of numbers. */
export function toRows(seqs: readonly number[]): {
  readonly rows: string;
  readonly which: unknown[];
} {
  const [first, last] = [Math.min(...seqs), Math.max(...seqs)];
  const isRange =
    last - first + 1 === seqs.length && new Set(seqs).size === seqs.length;
  return isRange
    ? { rows: 'seq BETWEEN ? AND ?', which: [first, last] }
    : { rows: 'seq IN (?)', which: [seqs] };
}

export const isOnePortion = (events: readonly OutboxEvent[]): boolean =>
  events.length <= MAX_ROWS && sizeOf(events) <= MAX_BYTES;

/** Events in portions of one INSERT each, each as a flat list of values. */
export function* portionsOf(
  events: readonly OutboxEvent[],
  process: string,
): Generator<{ readonly rows: number; readonly values: unknown[] }> {
  const by = toNumber(process);
  // Most events of a group were created in the same ms.
  let [time, date] = [NaN, ''];
  let rows = 0;
  let bytes = 0;
  let values: unknown[] = [];
  for (const { id, payload, createdAt, receipt } of events) {
    if (rows === MAX_ROWS || (rows > 0 && bytes + payload.length > MAX_BYTES)) {
      yield { rows, values };
      [rows, bytes, values] = [0, 0, []];
    }
    if (createdAt !== time) [time, date] = [createdAt, toDate(createdAt)];
    rows++;
    bytes += payload.length;
    values.push(toStored(id), toText(payload), date, receipt ?? null, by);
  }
  if (rows > 0) yield { rows, values };
}

/** A filter as a condition and its values. */
export function conditionOf({ ids, reason, before }: DeadLetterFilter): {
  readonly condition: string;
  readonly values: unknown[];
} {
  const conditions = ['TRUE'];
  const values: unknown[] = [];
  if (ids?.length === 0) {
    conditions.push('FALSE');
  } else if (ids !== undefined) {
    // The index covers only the beginning, and ignores trailing spaces.
    conditions.push('id IN (?)', 'CAST(id AS BINARY) IN (?)');
    const stored = ids.map(toStoredText);
    values.push(
      stored,
      stored.map((id) => Buffer.from(id)),
    );
  }
  if (reason !== undefined) {
    conditions.push('reason = ?');
    values.push(reason);
  }
  if (before !== undefined) {
    conditions.push('dead_lettered_at < ?');
    values.push(toDate(before));
  }
  return { condition: conditions.join(' AND '), values };
}
