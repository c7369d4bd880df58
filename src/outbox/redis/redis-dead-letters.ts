import { checkCursor } from '../check-cursor.js';
import { matchesFilter } from '../dead-letter-filter.js';
import { namesIdentifier } from '../names-identifier.js';
import type {
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterRetention,
  StoredDeadLetter,
} from '../outbox.js';
import * as scripts from './dead-letter-scripts.js';
import { toDeadLetter } from './outcomes.js';
import type { RedisScripts } from './redis-scripts.js';
import type { Script } from './script.js';

/** How many are checked in one step, so that others get their turn at Redis. */
const PAGE = 200;

/** A cursor: the ms and the number of a letter. */
const ENTRY = /^\d{13,16}-\d{12,16}$/;

type Matches = (letter: StoredDeadLetter) => boolean;

/** The dead letters of a Redis outbox, oldest first. */
export class RedisDeadLetters {
  readonly #scripts: RedisScripts;

  constructor(redis: RedisScripts) {
    this.#scripts = redis;
  }

  async list(
    filter: DeadLetterFilter,
    { limit, after }: DeadLetterPage,
  ): Promise<StoredDeadLetter[]> {
    checkCursor(after, ENTRY);
    const found: StoredDeadLetter[] = [];
    for await (const page of this.#pages(filter.ids, after)) {
      found.push(...page.filter((letter) => matchesFilter(letter, filter)));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  requeue(filter: DeadLetterFilter, limit?: number): Promise<number> {
    return this.#forAll(scripts.requeue, filter.ids, matching(filter), limit);
  }

  purge(filter: DeadLetterFilter): Promise<number> {
    return this.#forAll(scripts.purge, filter.ids, matching(filter));
  }

  erase(identifiers: Readonly<Record<string, string>>): Promise<number> {
    return this.#forAll(scripts.purge, undefined, ({ payload }) =>
      namesIdentifier(payload, identifiers),
    );
  }

  /** Removes the oldest until number, size and age are within retention. */
  async trim({
    maxAge,
    maxCount,
    maxBytes,
  }: DeadLetterRetention): Promise<number> {
    const bounds = [maxAge, maxCount, maxBytes, PAGE].map(asNumber);
    let sum = 0;
    for (let removed = PAGE; removed === PAGE; sum += removed) {
      removed = await this.#scripts.run<number>(scripts.trim, bounds);
    }
    return sum;
  }

  async #forAll(
    script: Script,
    ids: readonly string[] | undefined,
    matches: Matches,
    limit = Infinity,
  ): Promise<number> {
    let count = 0;
    for await (const page of this.#pages(ids)) {
      const entries = page
        .filter(matches)
        .slice(0, limit - count)
        .map(({ cursor }) => cursor);
      if (entries.length > 0) {
        count += await this.#scripts.run<number>(script, entries);
      }
      if (count >= limit) break;
    }
    return count;
  }

  async *#pages(
    ids: readonly string[] | undefined,
    first = '',
  ): AsyncGenerator<StoredDeadLetter[]> {
    const stored = ids?.map((id) => JSON.stringify(id));
    if (stored?.length === 0) return;
    // Only up to the present newest: requeued events that are dead-lettered again could go round forever.
    const [last] = await this.#scripts.run<[string?]>(scripts.newest);
    if (last === undefined) return;
    for (let after = first; ;) {
      const args = [after, last, PAGE, ...(stored ?? [])];
      const [end, ...found] = await this.#scripts.run<[string, ...string[]]>(
        scripts.page,
        args,
      );
      if (end === '') return;
      after = end;
      const letters: StoredDeadLetter[] = [];
      for (let i = 0; i < found.length; i += 2) {
        letters.push(toDeadLetter(found[i] ?? '', found[i + 1] ?? ''));
      }
      yield letters;
    }
  }
}

const matching =
  (filter: DeadLetterFilter): Matches =>
  (letter) =>
    matchesFilter(letter, filter);

/** Lua cannot read `Infinity`. */
const asNumber = (bound: number) => Math.min(bound, Number.MAX_SAFE_INTEGER);
