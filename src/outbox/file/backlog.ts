import { randomUUID } from 'node:crypto';
import { Fifo } from '../fifo.js';
import type { OutboxContext, OutboxEvent } from '../outbox.js';
import {
  Chunk,
  type ChunkHeader,
  sequenceOf,
  type StoredAt,
  type StoredEvent,
} from './chunk.js';
import { bodyKey, from, headerKey, numberOf } from './format.js';
import type { Level, LevelStore } from './level-store.js';

/** How much of the backlog may be in memory, in characters. */
const MAX_IN_MEMORY = 32 * 1024 * 1024;
/** How much is read at once, in chunks and in characters of payload. */
const READ_CHUNKS = 256;
const READ_SIZE = 2 * 1024 * 1024;
const READ_BODIES = 8;

/**
 * Stored events that have not been claimed, oldest first. The head is in memory, up
 * to a limit; the rest is on the disk only: chunks from `#unread` up to `#end`.
 */
export class Backlog {
  readonly #store: LevelStore;
  readonly #head = new Fifo<Chunk>();
  /** Events of `#head`. */
  #ready = 0;
  /** What chunks in memory take, including those whose events are claimed. */
  #inMemory = 0;
  #unread: number;
  #end: number;
  #reading: Promise<void> | undefined;
  #holds = 0;

  /** Distinguishes chunks of this opening from earlier ones, which had another clock. */
  readonly #opening = randomUUID();
  readonly #monotonic: () => number;
  readonly #sinceOf: (event: OutboxEvent) => number;

  private constructor(
    store: LevelStore,
    { now, monotonic }: Pick<OutboxContext, 'now' | 'monotonic'>,
    unread: number,
    end: number,
  ) {
    this.#store = store;
    this.#monotonic = monotonic;
    const [wall, since] = [now(), monotonic()];
    this.#sinceOf = ({ createdAt }) => since - Math.max(wall - createdAt, 0);
    this.#unread = unread;
    this.#end = end;
  }

  /** Finds what an earlier process left, without reading the events. */
  static async open(
    store: LevelStore,
    context: Pick<OutboxContext, 'now' | 'monotonic'>,
  ): Promise<{ backlog: Backlog; count: number; size: number }> {
    let count = 0;
    let size = 0;
    let first: number | undefined;
    let end = 1;
    await store.read(async (db) => {
      for await (const [key, value] of db.iterator(from(headerKey))) {
        const header = JSON.parse(value) as ChunkHeader;
        count += header.left;
        size += header.size;
        first ??= numberOf(key);
        end = numberOf(key) + 1;
      }
    });
    return {
      backlog: new Backlog(store, context, first ?? end, end),
      count,
      size,
    };
  }

  /** The lowest number that the next chunk may get. */
  get end(): number {
    return this.#end;
  }

  /** The lowest position in the order of appends that the next event may get. */
  get nextSequence(): number {
    return sequenceOf(this.#end);
  }

  /** What a chunk that is stored now is marked with. */
  get storedAt(): StoredAt {
    return { opening: this.#opening, since: this.#monotonic() };
  }

  /** The number below which every event was claimed. */
  get start(): number {
    return this.#head.peek()?.number ?? this.#unread;
  }

  /** When its oldest event in memory was appended, on the monotonic clock. */
  get oldest(): number | undefined {
    return this.peek()?.since;
  }

  /** Adds a chunk that was just stored. */
  add(chunk: Chunk): void {
    const allRead = this.#unread === this.#end;
    this.#end = chunk.number + 1;
    if (!allRead || this.#inMemory >= MAX_IN_MEMORY) return;
    this.#unread = this.#end;
    this.#take(chunk);
  }

  peek(): StoredEvent | undefined {
    for (
      let chunk = this.#head.peek();
      chunk !== undefined;
      chunk = this.#head.peek()
    ) {
      const event = chunk.peek();
      if (event !== undefined) return event;
      this.#head.shift();
    }
    return undefined;
  }

  shift(): StoredEvent | undefined {
    const event = this.peek();
    if (event === undefined) return undefined;
    event.chunk.next();
    this.#ready--;
    return event;
  }

  /** Removes and returns unclaimed events in memory that meet a condition. */
  remove(condition: (event: OutboxEvent) => boolean): StoredEvent[] {
    const removed: StoredEvent[] = [];
    for (const chunk of this.#head) {
      for (const event of chunk.unclaimed()) {
        if (!condition(event)) continue;
        event.chunk.finish(event.index);
        removed.push(event);
        this.#ready--;
      }
    }
    return removed;
  }

  /** The chunks that are on the disk only, one page after another. */
  async *unread(): AsyncGenerator<Chunk> {
    for (let start = this.#unread; start < this.#end;) {
      const end = this.#end;
      const chunks = await this.#store.read((db) =>
        this.#readChunks(db, start, end),
      );
      yield* chunks;
      const last = chunks.at(-1);
      start = last === undefined ? end : last.number + 1;
    }
  }

  /** The stored bodies of all chunks before `end`, some at a time. */
  async *bodies(
    end: number,
  ): AsyncGenerator<readonly { number: number; body: string }[]> {
    for (let start = 0; start < end;) {
      const range = { gte: bodyKey(start), lt: bodyKey(end) };
      const found = await this.#store.read((db) =>
        db.iterator({ ...range, limit: READ_BODIES, fillCache: false }).all(),
      );
      yield found.map(([key, body]) => ({ number: numberOf(key), body }));
      const last = found.at(-1);
      start = last === undefined ? end : numberOf(last[0]) + 1;
    }
  }

  /** Whether more events could be read if memory allowed. */
  get starved(): boolean {
    return this.#ready === 0 && this.#unread < this.#end;
  }

  /** This much of its chunks is no longer in memory. */
  freed(size: number): void {
    this.#inMemory -= size;
  }

  /**
   * Reads ahead in the background. Returns a promise to wait for when fewer
   * than `wanted` events are in memory and there are more.
   */
  prepare(wanted: number): Promise<void> | undefined {
    if (this.#holds > 0) return undefined;
    if (this.#unread === this.#end || this.#inMemory >= MAX_IN_MEMORY)
      return undefined;
    const enough = this.#ready >= wanted;
    if (enough && this.#inMemory > MAX_IN_MEMORY / 2) return undefined;
    this.#reading ??= this.#read();
    if (!enough) return this.#reading;
    // The next caller that waits for it gets the error.
    this.#reading.catch(() => {});
    return undefined;
  }

  /**
   * Reads nothing ahead until the returned function is called, so that what is on
   * the disk only can be changed there.
   */
  async hold(): Promise<() => void> {
    this.#holds++;
    await this.idle();
    return () => {
      this.#holds--;
    };
  }

  /** Resolves once nothing is being read any more, whatever the outcome. */
  async idle(): Promise<void> {
    await this.#reading?.catch(() => {});
  }

  async #read(): Promise<void> {
    try {
      while (this.#unread < this.#end && this.#inMemory < MAX_IN_MEMORY) {
        const end = this.#end;
        const chunks = await this.#store.read((db) =>
          this.#readChunks(db, this.#unread, end),
        );
        for (const chunk of chunks) this.#take(chunk);
        const last = chunks.at(-1);
        this.#unread = last === undefined ? end : last.number + 1;
      }
    } finally {
      this.#reading = undefined;
    }
  }

  #take(chunk: Chunk): void {
    this.#inMemory += chunk.inMemory;
    this.#ready += chunk.left;
    this.#head.push(chunk);
  }

  /** The first chunks from `start` on, before `end`; none if there are none. */
  async #readChunks(db: Level, start: number, end: number): Promise<Chunk[]> {
    const headers: [key: string, header: string][] = [];
    let size = 0;
    const range = { gte: headerKey(start), lt: headerKey(end) };
    for await (const entry of db.iterator({ ...range, limit: READ_CHUNKS })) {
      headers.push(entry);
      size += (JSON.parse(entry[1]) as ChunkHeader).size;
      if (size >= READ_SIZE) break;
    }
    const numbers = headers.map(([key]) => numberOf(key));
    const bodies = await db.getMany(numbers.map(bodyKey), { fillCache: false });
    return headers.map(([key, header], index) => {
      try {
        const body = bodies[index] ?? '';
        const number = numberOf(key);
        return Chunk.parse(number, header, body, this.#opening, this.#sinceOf);
      } catch (error) {
        throw new Error(`Corruption: ${key} cannot be read`, { cause: error });
      }
    });
  }
}
