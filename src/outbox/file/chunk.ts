import type { OutboxEvent } from '../outbox.js';

/** An event of a chunk that is in memory. */
export interface StoredEvent extends OutboxEvent {
  readonly failedAttempts: number;
  readonly chunk: Chunk;
  readonly index: number;
}

/** What is stored about a chunk beside its events, and changes while they are delivered. */
export interface ChunkHeader {
  /** How many events it has that are neither delivered nor dead-lettered. */
  readonly left: number;
  /** The size of its payloads, in characters. */
  readonly size: number;
  /** Which events are delivered or dead-lettered. */
  readonly done?: readonly number[];
  /** How often which event was tried, as pairs of index and failedAttempts. */
  readonly failedAttempts?: readonly (readonly [number, number])[];
}

/** What precedes the payloads in a stored body: one line of JSON. */
interface Meta {
  readonly ids: readonly string[];
  readonly createdAt: readonly number[];
  /** In characters, as JavaScript counts them. */
  readonly lengths: readonly number[];
}

/** Larger ones would make a claim read more than it needs. */
const MAX_EVENTS = 500;
const MAX_SIZE = 1024 * 1024;

/** Events that were stored together as one entry. */
export class Chunk {
  readonly number: number;
  /** The size of its payloads, in characters. */
  readonly size: number;
  readonly #events: readonly OutboxEvent[];
  readonly #done: Set<number>;
  readonly #failedAttempts: Map<number, number>;
  #next = 0;

  constructor(
    number: number,
    events: readonly OutboxEvent[],
    {
      size,
      done,
      failedAttempts,
    }: Pick<ChunkHeader, 'size' | 'done' | 'failedAttempts'>,
  ) {
    this.number = number;
    this.size = size;
    this.#events = events;
    this.#done = new Set(done);
    this.#failedAttempts = new Map(failedAttempts);
  }

  /** Cuts events into chunks, numbered from `first` on. */
  static *cut(
    events: Iterable<OutboxEvent>,
    first: number,
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
        yield new Chunk(number++, part, { size });
        part = [];
        size = 0;
      }
      part.push(event);
      size += length;
    }
    if (part.length > 0) yield new Chunk(number, part, { size });
  }

  static parse(number: number, header: string, body: string): Chunk {
    const metaEnd = body.indexOf('\n');
    const meta = JSON.parse(body.slice(0, metaEnd)) as Meta;
    let at = metaEnd + 1;
    const events = meta.lengths.map((length, index): OutboxEvent => {
      const payload = body.slice(at, (at += length));
      return {
        id: meta.ids[index] as string,
        payload,
        createdAt: meta.createdAt[index] as number,
      };
    });
    return new Chunk(number, events, JSON.parse(header) as ChunkHeader);
  }

  /** How many events it was stored with. */
  get count(): number {
    return this.#events.length;
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

  get body(): string {
    const events = this.#events;
    const meta: Meta = {
      ids: events.map(({ id }) => id),
      createdAt: events.map(({ createdAt }) => createdAt),
      lengths: events.map(({ payload }) => payload.length),
    };
    return `${JSON.stringify(meta)}\n${events.map(({ payload }) => payload).join('')}`;
  }

  /** The next event that was not lent since it was read, in order. */
  next(): StoredEvent | undefined {
    const event = this.peek();
    if (event === undefined) return undefined;
    const index = this.#next++;
    const { id, payload, createdAt } = event;
    const failedAttempts = this.#failedAttempts.get(index) ?? 0;
    return { id, payload, createdAt, failedAttempts, chunk: this, index };
  }

  peek(): OutboxEvent | undefined {
    while (this.#done.has(this.#next)) this.#next++;
    return this.#events[this.#next];
  }

  finish(index: number): void {
    this.#done.add(index);
  }

  /** Undoes {@link finish}. */
  revive(index: number): void {
    this.#done.delete(index);
  }

  countTry(index: number, failedAttempts: number): void {
    this.#failedAttempts.set(index, failedAttempts);
  }
}
