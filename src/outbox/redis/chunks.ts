import type { ClaimedEvent, OutboxEvent } from '../outbox.js';

/** How many events a chunk holds at most. */
const CHUNK = 100;
/** Or how many characters of payload, unless one event has more: a claim that takes a part of it cuts it. */
const CHUNK_SIZE = 64 * 1024;

/** Splits the events of a chunk: no JSON contains it. */
const SEPARATOR = '\u001E';

/** Which claim holds an event (the fencing token). */
interface Claim {
  readonly token: string;
  readonly number: number;
}

/** Who appended events: the process, and after which of its checkpoints. */
export const byOf = (process: string, generation: number): string =>
  `${process}/${generation}`;

/** Events as they are stored, see `functions.ts`. */
export function toChunks(events: readonly OutboxEvent[], by: string): string[] {
  const chunks: string[] = [];
  let texts: string[] = [];
  let size = 0;
  let bytes = 0;
  let awaited = '';
  const end = () => {
    const header = `${by}\t${texts.length}\t${bytes}\t${awaited}\n`;
    chunks.push(header + texts.join(SEPARATOR));
  };
  for (const event of events) {
    const { id, payload, createdAt, receipt = '' } = event;
    const isFull = texts.length === CHUNK || size + payload.length > CHUNK_SIZE;
    if (isFull && texts.length > 0) {
      end();
      texts = [];
      size = 0;
      bytes = 0;
      awaited = '';
    }
    texts.push(`${receipt}\t${createdAt}\t${JSON.stringify(id)}\n${payload}`);
    size += payload.length;
    bytes += Buffer.byteLength(payload);
    if (receipt !== '') awaited = '1';
  }
  if (texts.length > 0) end();
  return chunks;
}

/** One event of a chunk. */
export function toEvent(text: string): OutboxEvent {
  const receiptEnd = text.indexOf('\t');
  const createdAtEnd = text.indexOf('\t', receiptEnd + 1);
  const end = text.indexOf('\n', createdAtEnd);
  return {
    id: JSON.parse(text.slice(createdAtEnd + 1, end)) as string,
    payload: text.slice(end + 1),
    createdAt: Number(text.slice(receiptEnd + 1, createdAtEnd)),
    receipt: text.slice(0, receiptEnd) || undefined,
  };
}

/** The events of a chunk, in order. */
export const eventsOf = (chunk: string): OutboxEvent[] =>
  chunk
    .slice(chunk.indexOf('\n') + 1)
    .split(SEPARATOR)
    .map(toEvent);

/** The number of an entry's first event; the others follow. */
export const numberOf = (entry: string): number =>
  Number(entry.split('-', 2)[1]);

/** An entry starts with its time, by the server's clock. */
export const msOf = (entry: string): number => Number.parseInt(entry, 10);

/** What the claim script answers. */
export type Claimed = readonly [now: number, ...chunks: string[]];

export function toClaimedEvents(
  answer: Claimed,
  token: string,
): ClaimedEvent[] {
  const [now] = answer;
  const events: ClaimedEvent[] = [];
  for (let i = 1; i < answer.length; i += 3) {
    const entry = answer[i] as string;
    const age = Math.max(0, now - msOf(entry));
    const failedAttempts = Number(answer[i + 2]);
    let number = numberOf(entry);
    for (const event of eventsOf(answer[i + 1] as string)) {
      const claim: Claim = { token, number: number++ };
      const { id, payload, createdAt, receipt } = event;
      events.push({
        id,
        payload,
        createdAt,
        receipt,
        age,
        failedAttempts,
        claim,
      });
    }
  }
  return events;
}

/** Claimed events as the scripts take them: (token, ranges of numbers)... */
export function toHeld(events: readonly ClaimedEvent[]): string[] {
  const numbers = new Map<string, number[]>();
  for (const { claim } of events) {
    const { token, number } = claim as Claim;
    const list = numbers.get(token);
    if (list === undefined) numbers.set(token, [number]);
    else list.push(number);
  }
  return [...numbers].flatMap(([token, list]) => [token, toRanges(list)]);
}

/** Numbers in any order as `<first>-<last>,…`. */
export function toRanges(numbers: readonly number[]): string {
  const ranges: string[] = [];
  let first: number | undefined;
  let last = -1;
  for (const number of numbers.toSorted((a, b) => a - b)) {
    if (first === undefined) {
      first = number;
    } else if (number > last + 1) {
      ranges.push(`${first}-${last}`);
      first = number;
    }
    last = number;
  }
  if (first !== undefined) ranges.push(`${first}-${last}`);
  return ranges.join(',');
}
