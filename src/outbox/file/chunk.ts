import type { HeldEvent } from '../claims.js';
import type { OutboxEvent } from '../outbox.js';

/** An event of a chunk that is in memory. */
export interface StoredEvent extends HeldEvent {
  readonly chunk: Chunk;
  readonly index: number;
}

/** What is stored about a chunk apart from its events, and changes while they are delivered. */
export interface ChunkHeader {
  /** How many events it has that are neither delivered nor dead-lettered. */
  readonly left: number;
  /** The size of its payloads, in characters. */
  readonly size: number;
  /** Which events are delivered or dead-lettered. */
  readonly done?: readonly number[];
  /** How often events failed, as pairs of index and failed attempts. */
  readonly failedAttempts?: readonly (readonly [number, number])[];
}

/** What precedes the payloads in a stored body: one line of JSON. */
interface Meta extends StoredAt {
  readonly ids: readonly string[];
  readonly createdAt: readonly number[];
  /** Only if any has one. */
  readonly receipts?: readonly (string | null)[] | undefined;
  /** In characters, as JavaScript counts them. */
  readonly lengths: readonly number[];
}

/** When a chunk was stored: on the monotonic clock of one opening of the outbox. */
export interface StoredAt {
  readonly opening: string;
  readonly since: number;
}

/** Larger ones would make a claim read more than it needs. */
const MAX_EVENTS = 500;
const MAX_SIZE = 1024 * 1024;
/** What an event takes in memory beside its payload. */
const BYTES_PER_EVENT = 256;

/** The positions of a chunk's events in the order of appends. */
export const sequenceOf = (number: number, index = 0): number =>
  number * (MAX_EVENTS + 1) + index;

/** Events that were stored together as one entry. */
export class Chunk {
  readonly number: number;
  /** The size of its payloads, in characters. */
  readonly size: number;
  /** How much memory its pending events take. */
  inMemory: number;
  readonly #storedAt: StoredAt;
  /** `undefined`: forgotten. */
  readonly #events: (OutboxEvent | undefined)[];
  /** When an event was appended, on the monotonic clock. */
  readonly #sinceOf: (event: OutboxEvent) => number;
  readonly #done: Set<number>;
  readonly #failedAttempts: Map<number, number>;
  #next = 0;
  /** How many events are not forgotten. */
  #kept: number;
  /** When this few are left, their payloads are copied. */
  #copyAt: number;

  constructor(
    number: number,
    events: readonly OutboxEvent[],
    header: Pick<ChunkHeader, 'size' | 'done' | 'failedAttempts'>,
    storedAt: StoredAt,
    sinceOf: (event: OutboxEvent) => number = () => storedAt.since,
  ) {
    this.number = number;
    this.size = header.size;
    this.#storedAt = storedAt;
    this.#events = [...events];
    this.#sinceOf = sinceOf;
    this.#done = new Set(header.done);
    this.#failedAttempts = new Map(header.failedAttempts);
    this.inMemory = BYTES_PER_EVENT;
    for (const event of events) this.inMemory += memoryOf(event);
    this.#kept = events.length;
    this.#copyAt = Math.floor(events.length / 2);
    for (const [index, { payload }] of events.entries()) {
      // It was erased.
      if (payload === '') this.#done.add(index);
    }
    for (const index of this.#done) this.forget(index);
  }

  /** Splits events into chunks, numbered from `first` on. */
  static *cut(
    events: Iterable<OutboxEvent>,
    first: number,
    storedAt: StoredAt,
  ): Generator<Chunk, void> {
    let number = first;
    let part: OutboxEvent[] = [];
    let size = 0;
    for (const event of events) {
      const { length } = event.payload;
      if (
        part.length === MAX_EVENTS ||
        (part.length > 0 && size + length > MAX_SIZE)
      ) {
        yield new Chunk(number++, part, { size }, storedAt);
        part = [];
        size = 0;
      }
      part.push(event);
      size += length;
    }
    if (part.length > 0) yield new Chunk(number, part, { size }, storedAt);
  }

  /** @param sinceOf when an event that an earlier opening stored was appended */
  static parse(
    number: number,
    header: string,
    body: string,
    opening: string,
    sinceOf: (event: OutboxEvent) => number,
  ): Chunk {
    const { meta, events } = parseBody(body);
    const known = meta.opening === opening ? undefined : sinceOf;
    return new Chunk(
      number,
      events,
      JSON.parse(header) as ChunkHeader,
      { opening: meta.opening, since: meta.since },
      known,
    );
  }

  /**
   * A stored body without what it holds of some events, which must be finished;
   * `undefined` if it holds nothing of them.
   */
  static bodyWithout(
    body: string,
    condition: (event: OutboxEvent) => boolean,
  ): string | undefined {
    const { meta, events } = parseBody(body);
    let found = false;
    const kept = events.map((event): OutboxEvent => {
      if (event.payload === '' || !condition(event)) return event;
      found = true;
      return { id: '', payload: '', createdAt: event.createdAt };
    });
    return found ? bodyOf(kept, meta) : undefined;
  }

  /** How many events are neither delivered nor dead-lettered. */
  get left(): number {
    return this.#events.length - this.#done.size;
  }

  get header(): string {
    const { left, size } = this;
    return JSON.stringify({
      left,
      size,
      done: this.#done.size > 0 ? [...this.#done] : undefined,
      failedAttempts:
        this.#failedAttempts.size > 0 ? [...this.#failedAttempts] : undefined,
    } satisfies ChunkHeader);
  }

  /** Its stored form, made once, before any event is forgotten. */
  get body(): string {
    return bodyOf(this.#events as OutboxEvent[], this.#storedAt);
  }

  /** The next event that was not claimed since it was read, in order. */
  next(): StoredEvent | undefined {
    const event = this.peek();
    if (event !== undefined) this.#next++;
    return event;
  }

  peek(): StoredEvent | undefined {
    for (; this.#next < this.#events.length; this.#next++) {
      const event = this.#pendingAt(this.#next);
      if (event !== undefined) return event;
    }
    return undefined;
  }

  /** The events that were neither claimed since it was read nor are finished. */
  unclaimed(): Generator<StoredEvent> {
    return this.pending(this.#next);
  }

  /** The events that are not finished, from an index on. */
  *pending(from = 0): Generator<StoredEvent> {
    for (let index = from; index < this.#events.length; index++) {
      const event = this.#pendingAt(index);
      if (event !== undefined) yield event;
    }
  }

  finish(index: number): void {
    this.#done.add(index);
  }

  /** Undoes {@link finish}. */
  unfinish(index: number): void {
    this.#done.delete(index);
  }

  /** Drops a finished event's payload. Returns how much memory that frees. */
  forget(index: number): number {
    const event = this.#events[index];
    if (event === undefined) return 0;
    this.#events[index] = undefined;
    const freed = memoryOf(event);
    this.inMemory -= freed;
    this.#kept--;
    if (this.#kept > 0 && this.#kept <= this.#copyAt) this.#copy();
    return freed;
  }

  countFailure(index: number, failedAttempts: number): void {
    this.#failedAttempts.set(index, failedAttempts);
  }

  #pendingAt(index: number): StoredEvent | undefined {
    const event = this.#events[index];
    if (event === undefined || this.#done.has(index)) return undefined;
    const { id, payload, createdAt, receipt } = event;
    return {
      id,
      payload,
      createdAt,
      receipt,
      sequence: sequenceOf(this.number, index),
      since: this.#sinceOf(event),
      failedAttempts: this.#failedAttempts.get(index) ?? 0,
      chunk: this,
      index,
    };
  }

  /** Payloads that were read are slices, and each keeps the whole body in memory. */
  #copy(): void {
    this.#copyAt = Math.floor(this.#kept / 2);
    for (const [index, event] of this.#events.entries()) {
      if (event === undefined) continue;
      const payload = Buffer.from(event.payload).toString();
      this.#events[index] = { ...event, payload };
    }
  }
}

const memoryOf = ({ payload }: OutboxEvent) => payload.length + BYTES_PER_EVENT;

function bodyOf(
  events: readonly OutboxEvent[],
  { opening, since }: StoredAt,
): string {
  const meta: Meta = {
    opening,
    since,
    ids: events.map(({ id }) => id),
    createdAt: events.map(({ createdAt }) => createdAt),
    receipts: events.some(({ receipt }) => receipt !== undefined)
      ? events.map(({ receipt }) => receipt ?? null)
      : undefined,
    lengths: events.map(({ payload }) => payload.length),
  };
  return `${JSON.stringify(meta)}\n${events.map(({ payload }) => payload).join('')}`;
}

function parseBody(body: string): { meta: Meta; events: OutboxEvent[] } {
  const metaEnd = body.indexOf('\n');
  const meta = JSON.parse(body.slice(0, metaEnd)) as Meta;
  let at = metaEnd + 1;
  const events = meta.lengths.map((length, index): OutboxEvent => {
    const payload = body.slice(at, (at += length));
    return {
      id: meta.ids[index] as string,
      payload,
      createdAt: meta.createdAt[index] as number,
      receipt: meta.receipts?.[index] ?? undefined,
    };
  });
  return { meta, events };
}
