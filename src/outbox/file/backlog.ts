import { Fifo } from '../fifo.js';
import { Chunk, type ChunkHeader, type StoredEvent } from './chunk.js';
import { bodyKey, from, headerKey, numberOf } from './format.js';
import type { Level, LevelStore } from './level-store.js';

/**
 * How much of the backlog may be in memory, in characters of payload; what an
 * event takes beside its payload counts too.
 */
const MEMORY = 32 * 1024 * 1024;
const PER_EVENT = 256;
/** How much is read at once: so many chunks, or so many characters of payload. */
const READ_CHUNKS = 256;
const READ_SIZE = 2 * 1024 * 1024;

/**
 * The stored events that were not lent yet, oldest first. Its head is in
 * memory; behind a head that is as large as it may be, the rest is on the disk
 * only: chunks from `#unread` up to `#end`.
 */
export class Backlog {
  readonly #store: LevelStore;
  readonly #head = new Fifo<Chunk>();
  /** Events of `#head`. */
  #ready = 0;
  /** What chunks in memory take, those included whose events are lent. */
  #inMemory = 0;
  #unread: number;
  #end: number;
  #reading: Promise<void> | undefined;

  private constructor(store: LevelStore, unread: number, end: number) {
    this.#store = store;
    this.#unread = unread;
    this.#end = end;
  }

  /** Finds what an earlier process left, without reading the events. */
  static async open(
    store: LevelStore,
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
    return { backlog: new Backlog(store, first ?? end, end), count, size };
  }

  /** The number that the next chunk gets at the earliest. */
  get end(): number {
    return this.#end;
  }

  /** The number below which no chunk waits that was not lent. */
  get start(): number {
    return this.#head.peek()?.number ?? this.#unread;
  }

  /** `createdAt` of its oldest event in memory. */
  get oldest(): number | undefined {
    return this.#head.peek()?.peek()?.createdAt;
  }

  /** Takes in a chunk that was just stored. */
  add(chunk: Chunk): void {
    const allRead = this.#unread === this.#end;
    this.#end = chunk.number + 1;
    if (!allRead || this.#inMemory >= MEMORY) return;
    this.#unread = this.#end;
    this.#take(chunk);
  }

  next(): StoredEvent | undefined {
    const chunk = this.#head.peek();
    if (chunk === undefined) return undefined;
    const event = chunk.next();
    this.#ready--;
    if (chunk.peek() === undefined) this.#head.shift();
    return event;
  }

  /** Whether more events could be read if memory allowed. */
  get starved(): boolean {
    return this.#ready === 0 && this.#unread < this.#end;
  }

  /** Says that nothing of a chunk is needed in memory any more. */
  drop(chunk: Chunk): void {
    this.#inMemory -= memoryOf(chunk);
  }

  /**
   * Reads ahead in the background. Returns a promise to wait for when fewer
   * than `wanted` events are in memory and there are more.
   */
  prepare(wanted: number): Promise<void> | undefined {
    if (this.#unread === this.#end || this.#inMemory >= MEMORY)
      return undefined;
    const enough = this.#ready >= wanted;
    if (enough && this.#inMemory > MEMORY / 2) return undefined;
    this.#reading ??= this.#read();
    if (!enough) return this.#reading;
    // Whoever waits for it next is told why it failed.
    this.#reading.catch(() => {});
    return undefined;
  }

  /** Waits for what {@link prepare} began. */
  async settle(): Promise<void> {
    await this.#reading?.catch(() => {});
  }

  async #read(): Promise<void> {
    try {
      while (this.#unread < this.#end && this.#inMemory < MEMORY) {
        const end = this.#end;
        const chunks = await this.#store.read((db) =>
          readChunks(db, this.#unread, end),
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
    this.#inMemory += memoryOf(chunk);
    this.#ready += chunk.left;
    this.#head.push(chunk);
  }
}

const memoryOf = (chunk: Chunk) => chunk.size + chunk.count * PER_EVENT;

/** The first chunks from `start` on, before `end`; none where there are none. */
async function readChunks(
  db: Level,
  start: number,
  end: number,
): Promise<Chunk[]> {
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
      return Chunk.parse(numberOf(key), header, bodies[index] ?? '');
    } catch (error) {
      throw new Error(`Corruption: ${key} cannot be read`, { cause: error });
    }
  });
}
