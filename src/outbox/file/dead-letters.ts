import { matchesFilter } from '../dead-letter-filter.js';
import type { StoredDeadLetter, DeadLetterFilter } from '../outbox.js';
import { deadKey, from, numberOf } from './format.js';
import type { Change, LevelStore } from './level-store.js';

/** How many are changed in one write. */
const PAGE = 500;

/** A dead letter with the change that deletes it. */
export interface StoredLetter {
  readonly letter: StoredDeadLetter;
  readonly deletion: Change;
}

/** The dead letters of a file outbox, an entry each. */
export class FileDeadLetters {
  readonly #store: LevelStore;
  readonly #capacity: number;
  #count: number;
  #next: number;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    store: LevelStore,
    capacity: number,
    count: number,
    next: number,
  ) {
    this.#store = store;
    this.#capacity = capacity;
    this.#count = count;
    this.#next = next;
  }

  /** Of more than `capacity` the newest are kept, so that they cannot fill the disk. */
  static async open(
    store: LevelStore,
    capacity: number,
  ): Promise<FileDeadLetters> {
    let count = 0;
    let next = 1;
    await store.read(async (db) => {
      for await (const key of db.keys(from(deadKey))) {
        count++;
        next = numberOf(key) + 1;
      }
    });
    return new FileDeadLetters(store, capacity, count, next);
  }

  get count(): number {
    return this.#count;
  }

  /** The changes that store these letters. Call {@link added} when they are stored. */
  entriesOf(letters: readonly StoredDeadLetter[]): Change[] {
    return letters.map((letter) => ({
      key: deadKey(this.#next++),
      value: JSON.stringify(letter),
    }));
  }

  added(count: number): void {
    this.#count += count;
  }

  async list(
    filter: DeadLetterFilter,
    limit: number,
  ): Promise<StoredDeadLetter[]> {
    const found = await this.#find(filter, limit);
    return found.map(({ letter }) => letter);
  }

  /**
   * Takes out what matches, page by page: `remove` stores each page's deletions
   * and returns how many it took, which may be the first few only.
   */
  removeAll(
    filter: DeadLetterFilter,
    remove: (page: readonly StoredLetter[]) => Promise<number>,
  ): Promise<number> {
    return this.#inTurn(async () => {
      const end = this.#next;
      let sum = 0;
      for (let start = 0; start < end;) {
        const page = await this.#find(filter, PAGE, start, end);
        const last = page.at(-1);
        if (last === undefined) break;
        const removed = await remove(page);
        this.#count -= removed;
        sum += removed;
        if (removed < page.length) break;
        start = numberOf(last.deletion.key) + 1;
      }
      return sum;
    });
  }

  /** Forgets the oldest where there are too many. */
  trim(
    remove: (page: readonly StoredLetter[]) => Promise<number>,
  ): Promise<void> {
    return this.#inTurn(async () => {
      while (this.#count > this.#capacity) {
        const excess = this.#count - this.#capacity;
        const page = await this.#find({}, Math.min(excess, PAGE));
        this.#count -= await remove(page);
      }
    });
  }

  async #find(
    filter: DeadLetterFilter,
    limit: number,
    start = 0,
    end = this.#next,
  ): Promise<StoredLetter[]> {
    const found: StoredLetter[] = [];
    if (limit < 1) return found;
    await this.#store.read(async (db) => {
      const range = { gte: deadKey(start), lt: deadKey(end) };
      for await (const [key, value] of db.iterator(range)) {
        const letter = JSON.parse(value) as StoredDeadLetter;
        if (!matchesFilter(letter, filter)) continue;
        found.push({ letter, deletion: { key, value: undefined } });
        if (found.length >= limit) break;
      }
    });
    return found;
  }

  /** One at a time, so that no two take the same letter. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}
