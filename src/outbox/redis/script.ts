import { createHash } from 'node:crypto';
import { FUNCTIONS } from './functions.js';

/** A Lua script that Redis runs as one step. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/**
 * The keys of an outbox, in the order in which scripts get them.
 *
 * Events are stored in chunks: what callers append at the same time makes one, and
 * an event that is alone makes one of its own. Every event has a number. A chunk's
 * entry is `<ms>-<number>-<events>-<bytes>`: when it was appended, by the server's
 * clock, the number of its first event (the others follow), how many there are and
 * how large their payloads are together.
 *
 * - `events`: entry to chunk
 * - `waiting`: entries that may be claimed, by when they were appended
 * - `delayed`: entries that were released for later, by when that is
 * - `claims`: a claim's token to its entries, spaces between
 * - `leases`: tokens of claims, by when their lease ends
 * - `failed-attempts`: entry to how many there were, if any
 * - `appended`: how many pending events each process appended, see `checkpoint()`
 * - `batches`: names of appended lists that are still in portions, each a list
 *   of chunks under `batches:<name>`
 * - `last-append`: only the start of keys, `last-append:<process>`: the number of the
 *   last append of a process or list, for an hour
 * - `cuts`: entries that were made of others, while somebody erases events
 * - `outcomes`, `outcome-times`: outcomes of awaited events, and when
 * - `dead-letters`, `dead-letter-times`: `<ms>-<number>` to a letter, and when
 * - `meta`: format, how many are pending, numbers, sizes
 */
export const KEYS = [
  'events',
  'waiting',
  'delayed',
  'claims',
  'leases',
  'failed-attempts',
  'appended',
  'batches',
  'last-append',
  'cuts',
  'outcomes',
  'outcome-times',
  'dead-letters',
  'dead-letter-times',
  'meta',
] as const;

const NAMES = `local events, waiting, delayed, claims, leases, failedAttempts, appended, batches, lastAppend, cuts, outcomes, outcomeTimes, dead, deadTimes, meta = unpack(KEYS)`;

/** A script with the keys by name and the functions that scripts share. */
export function script(body: string): Script {
  const source = `${NAMES}\n${FUNCTIONS}${body}`;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
