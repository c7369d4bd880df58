import { checkCursor } from '../check-cursor.js';
import { Fifo } from '../fifo.js';
import { matchesFilter } from '../dead-letter-filter.js';
import { namesIdentifier } from '../names-identifier.js';
import type {
  DeadLetterCause,
  DeadLetterFilter,
  DeadLetterPage,
  OutboxContext,
  OutboxEvent,
  StoredDeadLetter,
} from '../outbox.js';

/** Memory is for events that may still be delivered, so only the newest dead letters are kept. */
const MAX_COUNT = 1000;
const MAX_BYTES = 16 * 1024 * 1024;

/** The last dead letters of a memory outbox. */
export class MemoryDeadLetters {
  readonly #letters = new Fifo<StoredDeadLetter>();
  #bytes = 0;
  #added = 0;

  get size(): number {
    return this.#letters.size;
  }

  add(
    { id, payload, createdAt }: OutboxEvent,
    failedAttempts: number,
    cause: DeadLetterCause,
    context: OutboxContext,
  ): void {
    this.#letters.push({
      id,
      payload,
      createdAt,
      failedAttempts,
      ...cause,
      deadLetteredAt: context.now(),
      cursor: String(++this.#added),
    });
    this.#bytes += Buffer.byteLength(payload);
    this.trim(context);
  }

  list(
    filter: DeadLetterFilter,
    { limit, after = '0' }: DeadLetterPage,
  ): StoredDeadLetter[] {
    checkCursor(after);
    const found: StoredDeadLetter[] = [];
    for (const letter of this.#letters) {
      if (found.length >= limit) break;
      if (Number(letter.cursor) <= Number(after)) continue;
      if (matchesFilter(letter, filter)) found.push(letter);
    }
    return found;
  }

  /** Removes and returns those that match and are `allowed`. */
  remove(
    filter: DeadLetterFilter,
    allowed: (letter: StoredDeadLetter) => boolean = () => true,
  ): StoredDeadLetter[] {
    return this.#remove(
      (letter) => matchesFilter(letter, filter) && allowed(letter),
    );
  }

  /** Removes the oldest until number, size and age are within retention. */
  trim(context: OutboxContext): void {
    const { maxAge, maxCount, maxBytes } = context.deadLetterRetention;
    const oldest = context.now() - maxAge;
    let removed = 0;
    for (
      let letter = this.#letters.peek();
      letter !== undefined &&
      (this.#letters.size > Math.min(maxCount, MAX_COUNT) ||
        this.#bytes > Math.min(maxBytes, MAX_BYTES) ||
        letter.deadLetteredAt < oldest);
      letter = this.#letters.peek()
    ) {
      this.#letters.shift();
      this.#bytes -= Buffer.byteLength(letter.payload);
      removed++;
    }
    if (removed > 0) context.deadLettersRemoved(removed);
  }

  erase(identifiers: Readonly<Record<string, string>>): number {
    return this.#remove(({ payload }) => namesIdentifier(payload, identifiers))
      .length;
  }

  #remove(condition: (letter: StoredDeadLetter) => boolean) {
    const removed = this.#letters.remove(condition);
    for (const { payload } of removed)
      this.#bytes -= Buffer.byteLength(payload);
    return removed;
  }
}
