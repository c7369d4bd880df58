import { OdpOutboxError } from '../../errors/index.js';
import type { DeadLetterFilter, OutboxEvent } from '../outbox.js';
import { toStoredText } from '../stored-text.js';
import { hexOf, type SqlValue } from './literal.js';

/** About 300 years, since dates end in 9999. */
const MAX_MS = 1e13;

/** How many rows go into one INSERT, and how long it may get even if the server takes more. */
const MAX_ROWS = 1000;
const MAX_LENGTH = 2 ** 21;

/** What an INSERT needs beside its rows, at most. */
const HEAD_LENGTH = 1000;

/** A time in ms since the epoch as UTC. */
export const toDate = (time: number): string =>
  new Date(time).toISOString().replace('T', ' ').slice(0, -1);

export const toMicroseconds = (ms: number): number =>
  Math.round(Math.min(ms, MAX_MS) * 1000);

/** Numbers of rows, as SQL compares them with an index. */
export const toSeqs = (rows: readonly { seq: string | number }[]): number[] =>
  rows.map(({ seq }) => Number(seq));

/** The same as one value, whose type a server knows. */
export const toList = (seqs: readonly (string | number)[]): string =>
  `[${seqs.join(',')}]`;

/** A UUID's random part as a number, at a quarter of the size in each row and statement. */
export const toNumber = (uuid: string): number =>
  Number.parseInt(uuid.replaceAll('-', '').slice(-13), 16);

/**
 * Events in portions of one INSERT each, as the text of its rows.
 *
 * @param maxPacket of the server, in bytes
 * @throws OdpOutboxError when an event is too large for the server
 */
export function* portionsOf(
  events: readonly OutboxEvent[],
  process: string,
  maxPacket: number,
): Generator<string> {
  const by = toNumber(process);
  const most = Math.min(maxPacket - HEAD_LENGTH, MAX_LENGTH);
  // Most events of a group were created in the same ms.
  let [time, date] = [NaN, ''];
  let rows: string[] = [];
  let length = 0;
  for (const { id, payload, createdAt, receipt } of events) {
    if (createdAt !== time) [time, date] = [createdAt, toDate(createdAt)];
    const own = receipt === undefined ? 'NULL' : hexOf(receipt);
    const row = `(${hexOf(toStoredText(id))}, ${hexOf(payload)}, '${date}', ${own}, ${by})`;
    if (row.length > maxPacket - HEAD_LENGTH) throw new TooLargeError();
    if (rows.length === MAX_ROWS || length + row.length > most) {
      if (rows.length > 0) yield rows.join(', ');
      [rows, length] = [[], 0];
    }
    rows.push(row);
    length += row.length + 2;
  }
  if (rows.length > 0) yield rows.join(', ');
}

/** The server would close the connection over it, in the midst of a caller's transaction. */
class TooLargeError extends OdpOutboxError {
  constructor() {
    super(
      'An event is too large for the max_allowed_packet of MySQL, which has to hold it twice. Raise that, or send less.',
      {
        cause: Object.assign(new Error('max_allowed_packet'), {
          code: 'ER_NET_PACKET_TOO_LARGE',
        }),
      },
    );
    // Callers expect the class that is documented.
    this.name = 'OdpOutboxError';
  }
}

/** A filter as a condition and its values. */
export function conditionOf({ ids, reason, before }: DeadLetterFilter): {
  readonly condition: string;
  readonly values: SqlValue[];
} {
  const conditions = ['TRUE'];
  const values: SqlValue[] = [];
  if (ids?.length === 0) {
    conditions.push('FALSE');
  } else if (ids !== undefined) {
    // The index covers only the beginning, and ignores trailing spaces.
    conditions.push('id IN (?)', 'CAST(id AS BINARY) IN (?)');
    const stored = ids.map(toStoredText);
    values.push(stored, stored);
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
