import { Fifo } from '../fifo.js';
import { matchesFilter } from '../dead-letter-filter.js';
import type {
  DeadLetterCause,
  ClaimedEvent,
  StoredDeadLetter,
  DeadLetterFilter,
} from '../outbox.js';

/** Memory is for events that may still be delivered: of the others the newest are kept. */
const KEPT = 1000;

/** The last dead letters of a memory outbox. */
export class MemoryDeadLetters {
  #letters = new Fifo<StoredDeadLetter>();

  get size(): number {
    return this.#letters.size;
  }

  add(
    event: ClaimedEvent,
    cause: DeadLetterCause,
    deadLetteredAt: number,
  ): void {
    const { id, payload, createdAt, failedAttempts } = event;
    this.#letters.push({
      id,
      payload,
      createdAt,
      failedAttempts,
      deadLetteredAt,
      ...cause,
    });
    if (this.#letters.size > KEPT) this.#letters.shift();
  }

  list(filter: DeadLetterFilter, limit: number): StoredDeadLetter[] {
    const found: StoredDeadLetter[] = [];
    for (const letter of this.#letters) {
      if (found.length >= limit) break;
      if (matchesFilter(letter, filter)) found.push(letter);
    }
    return found;
  }

  /** Takes out what matches, one by one, as long as `allowed`; the rest stays. */
  *remove(
    filter: DeadLetterFilter,
    allowed: (letter: StoredDeadLetter) => boolean = () => true,
  ): Generator<StoredDeadLetter> {
    const letters = this.#letters;
    this.#letters = new Fifo();
    for (const letter of letters) {
      if (matchesFilter(letter, filter) && allowed(letter)) yield letter;
      else this.#letters.push(letter);
    }
  }
}
