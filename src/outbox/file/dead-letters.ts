import { checkCursor } from '../check-cursor.js';
import { matchesFilter } from '../dead-letter-filter.js';
import { namesIdentifier } from '../names-identifier.js';
import type {
  DeadLetterFilter,
  DeadLetterPage,
  OutboxContext,
  StoredDeadLetter,
} from '../outbox.js';
import { bytesOf, deadKey, deadPrefix, from, numberOf } from './format.js';
import type { Change, LevelStore } from './level-store.js';

/** How many are changed in one write. */
const PAGE = 500;

/** A dead letter as it is stored; its cursor is the number in its key. */
type Stored = Omit<StoredDeadLetter, 'cursor'>;

/** A dead letter with the change that deletes it. */
export interface StoredLetter {
  readonly letter: StoredDeadLetter;
  readonly deletion: Change;
}

/** Stores a page's deletions and returns how many; the rest stays. */
type Remove = (page: readonly StoredLetter[]) => Promise<number>;

/** The dead letters of a file outbox, one entry each. */
export class FileDeadLetters {
  readonly #store: LevelStore;
  readonly #context: OutboxContext;
  #count = 0;
  #bytes = 0;
  #next = 1;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(store: LevelStore, context: OutboxContext) {
    this.#store = store;
    this.#context = context;
  }

  static async open(
    store: LevelStore,
    context: OutboxContext,
  ): Promise<FileDeadLetters> {
    const letters = new FileDeadLetters(store, context);
    await store.read(async (db) => {
      for await (const key of db.keys(from(deadPrefix))) {
        letters.#count++;
        letters.#bytes += bytesOf(key);
        letters.#next = numberOf(key) + 1;
      }
    });
    return letters;
  }

  get count(): number {
    return this.#count;
  }

  /** The changes that store these letters. Call {@link added} when they are stored. */
  entriesOf(letters: readonly Stored[]): Change[] {
    return letters.map((letter) => ({
      key: deadKey(this.#next++, Buffer.byteLength(letter.payload)),
      value: JSON.stringify(letter),
    }));
  }

  added(entries: readonly Change[]): void {
    this.#count += entries.length;
    for (const { key } of entries) this.#bytes += bytesOf(key);
  }

  async list(
    filter: DeadLetterFilter,
    { limit, after }: DeadLetterPage,
  ): Promise<StoredDeadLetter[]> {
    checkCursor(after);
    const start = after === undefined ? 0 : Number(after) + 1;
    const found = await this.#find(
      (letter) => matchesFilter(letter, filter),
      limit,
      start,
    );
    return found.map(({ letter }) => letter);
  }

  /** Removes and returns at most `limit` of those that match, oldest first, page by page. */
  removeMatching(
    filter: DeadLetterFilter,
    remove: Remove,
    limit = Infinity,
  ): Promise<number> {
    return this.#inTurn(() =>
      this.#removeAll((letter) => matchesFilter(letter, filter), remove, limit),
    );
  }

  erase(
    identifiers: Readonly<Record<string, string>>,
    remove: Remove,
  ): Promise<number> {
    return this.#inTurn(() =>
      this.#removeAll(
        ({ payload }) => namesIdentifier(payload, identifiers),
        remove,
        Infinity,
      ),
    );
  }

  /** Removes the oldest until number, size and age are within retention. */
  trim(remove: Remove): Promise<void> {
    return this.#inTurn(async () => {
      const { maxAge, maxCount, maxBytes } = this.#context.deadLetterRetention;
      const oldest = this.#context.now() - maxAge;
      let removed = 0;
      for (;;) {
        let count = this.#count;
        let bytes = this.#bytes;
        const page = await this.#find(({ deadLetteredAt, payload }) => {
          const goes =
            count > maxCount || bytes > maxBytes || deadLetteredAt < oldest;
          count--;
          bytes -= Buffer.byteLength(payload);
          return goes ? true : 'end';
        }, PAGE);
        if (page.length === 0) break;
        removed += await this.#remove(page, remove);
      }
      if (removed > 0) this.#context.deadLettersRemoved(removed);
    });
  }

  async #removeAll(
    matches: (letter: StoredDeadLetter) => boolean,
    remove: Remove,
    limit: number,
  ): Promise<number> {
    const end = this.#next;
    let sum = 0;
    for (let start = 0; start < end && sum < limit;) {
      const wanted = Math.min(PAGE, limit - sum);
      const page = await this.#find(matches, wanted, start, end);
      const last = page.at(-1);
      if (last === undefined) break;
      const removed = await this.#remove(page, remove);
      sum += removed;
      if (removed < page.length) break;
      start = numberOf(last.deletion.key) + 1;
    }
    return sum;
  }

  async #remove(page: readonly StoredLetter[], remove: Remove) {
    const removed = await remove(page);
    this.#count -= removed;
    for (const { deletion } of page.slice(0, removed)) {
      this.#bytes -= bytesOf(deletion.key);
    }
    return removed;
  }

  async #find(
    matches: (letter: StoredDeadLetter) => boolean | 'end',
    limit: number,
    start = 0,
    end = this.#next,
  ): Promise<StoredLetter[]> {
    const found: StoredLetter[] = [];
    if (limit < 1) return found;
    await this.#store.read(async (db) => {
      const range = { gte: deadPrefix(start), lt: deadPrefix(end) };
      for await (const [key, value] of db.iterator(range)) {
        const stored = JSON.parse(value) as Stored;
        const letter = { ...stored, cursor: String(numberOf(key)) };
        const match = matches(letter);
        if (match === 'end') break;
        if (match) found.push({ letter, deletion: { key, value: undefined } });
        if (found.length >= limit) break;
      }
    });
    return found;
  }

  /** One operation at a time, so that no two take the same letter. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}
