import type { InvalidEvent } from '../odp/index.js';
import { ByteBudget, type ClaimedEvent } from '../outbox/index.js';
import type { Refusal } from './outcome-recorder.js';

type Batch = readonly ClaimedEvent[];

/**
 * Splits claimed events into requests; the next one to go is the last. Events
 * that have failed k times go in requests of the 2^k-th part of them, so that an
 * event that keeps failing while others get through ends up alone.
 */
export function batchesOf(events: Batch): Batch[] {
  const byFailures = new Map<number, ClaimedEvent[]>();
  for (const event of events) {
    const group = byFailures.get(event.failedAttempts);
    if (group === undefined) byFailures.set(event.failedAttempts, [event]);
    else group.push(event);
  }
  const batches: Batch[] = [];
  for (const [failures, group] of byFailures) {
    // After an outage of hours, 2^k is Infinity and the part zero.
    const size = Math.max(Math.ceil(group.length / 2 ** failures), 1);
    for (let start = 0; start < group.length; start += size) {
      batches.push(group.slice(start, start + size));
    }
  }
  return batches.toReversed();
}

/** A request is a list as JSON: so many bytes around its events, and after each. */
const BRACKET_BYTES = 1;
const SEPARATOR_BYTES = 1;

/**
 * Splits claimed events into requests of at most so many events and bytes; an event
 * that is larger alone goes alone.
 */
export function portionsOf(
  events: Batch,
  size: number,
  bytes: number,
): Batch[] {
  const portions: ClaimedEvent[][] = [];
  let portion: ClaimedEvent[] = [];
  const newBudget = () =>
    new ByteBudget(bytes - BRACKET_BYTES, SEPARATOR_BYTES);
  let budget = newBudget();
  for (const event of events) {
    const fits = budget.spend(event.payload);
    if (portion.length > 0 && (portion.length === size || !fits)) {
      portions.push(portion);
      portion = [];
      budget = newBudget();
      budget.spend(event.payload);
    }
    portion.push(event);
  }
  if (portion.length > 0) portions.push(portion);
  return portions;
}

/** The second half first, as the last one is the next to go. */
export function halvesOf(batch: Batch): Batch[] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(middle), batch.slice(0, middle)];
}

/** How many bytes they take in a request. */
export function bytesOf(batch: Batch): number {
  let bytes = BRACKET_BYTES;
  for (const { payload } of batch) {
    bytes += Buffer.byteLength(payload) + SEPARATOR_BYTES;
  }
  return bytes;
}

/**
 * Picks the event that a probe carries, another one at each turn. Suspects are set
 * aside, except for one, which takes every second turn: it may be innocent, and the
 * others to blame.
 */
export function pickProbe(
  events: Batch,
  turn: number,
  isSuspect: (event: ClaimedEvent) => boolean,
): { probe: ClaimedEvent | undefined; others: Batch; aside: Batch } {
  const [suspect, ...aside] = events.filter(isSuspect);
  const innocent = events.filter((event) => !isSuspect(event));
  const isSuspectsTurn = innocent.length === 0 || turn % 2 === 1;
  const probe =
    suspect === undefined
      ? turnOf(innocent, turn)
      : isSuspectsTurn
        ? suspect
        : turnOf(innocent, Math.floor(turn / 2));
  const waiting = suspect === undefined ? innocent : [...innocent, suspect];
  const others = waiting.filter((event) => event !== probe);
  return { probe, others, aside };
}

/** One of them, from both ends in turn: events that wait together are often alike. */
function turnOf(events: Batch, turn: number): ClaimedEvent | undefined {
  const at = turn % events.length;
  return at % 2 === 0 ? events[at / 2] : events.at(-(at + 1) / 2);
}

/** How often they have failed with the request that has just failed. */
export const attemptsOf = (batch: Batch) =>
  Math.max(...batch.map(({ failedAttempts }) => failedAttempts)) + 1;

/** Separates the events that ODP names as invalid from the others. */
export function sift(
  batch: Batch,
  invalids: readonly InvalidEvent[],
): { refusals: Refusal[]; good: ClaimedEvent[] } {
  const messages = new Map(
    invalids.map(({ index, message }) => [index, message]),
  );
  const refusals: Refusal[] = [];
  const good: ClaimedEvent[] = [];
  for (const [index, event] of batch.entries()) {
    const message = messages.get(index);
    if (message === undefined) good.push(event);
    else refusals.push({ event, message });
  }
  return { refusals, good };
}
