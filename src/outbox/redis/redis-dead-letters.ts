import { matchesFilter } from '../dead-letter-filter.js';
import { namesIdentifier } from '../names-identifier.js';
import type {
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterRetention,
  StoredDeadLetter,
} from '../outbox.js';
import { toStoredText } from '../stored-text.js';
import type { RedisScripts } from './redis-scripts.js';
import * as scripts from './dead-letter-scripts.js';
import type { Script } from './script.js';
import { type Entry, toDeadLetter } from './entries.js';

/** So many are looked at in one step, so that others get their turn at Redis. */
const PAGE = 200;

/** The dead letters of a Redis outbox: a stream, oldest first. */
export class RedisDeadLetters {
  readonly #scripts: RedisScripts;

  constructor(redis: RedisScripts) {
    this.#scripts = redis;
  }

  async list(
    filter: DeadLetterFilter,
    { limit, after }: DeadLetterPage,
  ): Promise<StoredDeadLetter[]> {
    const found: StoredDeadLetter[] = [];
    const matches = (letter: StoredDeadLetter) => matchesFilter(letter, filter);
    for await (const page of this.#matching(filter.ids, matches, after)) {
      found.push(...page.map(({ letter }) => letter));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  requeue(filter: DeadLetterFilter, limit?: number): Promise<number> {
    const matches = (letter: StoredDeadLetter) => matchesFilter(letter, filter);
    return this.#forAll(scripts.requeue, filter.ids, matches, limit);
  }

  purge(filter: DeadLetterFilter): Promise<number> {
    const matches = (letter: StoredDeadLetter) => matchesFilter(letter, filter);
    return this.#forAll(scripts.purge, filter.ids, matches);
  }

  erase(identifiers: Readonly<Record<string, string>>): Promise<number> {
    return this.#forAll(scripts.purge, undefined, ({ payload }) =>
      namesIdentifier(payload, identifiers),
    );
  }

  /** Removes the oldest of those that are too many, too large or too old. */
  async trim({
    maxAge,
    maxCount,
    maxBytes,
  }: DeadLetterRetention): Promise<number> {
    let sum = 0;
    for (let removed = PAGE; removed === PAGE; sum += removed) {
      removed = await this.#scripts.run<number>(scripts.trim, [
        maxAge,
        maxCount,
        maxBytes,
        PAGE,
      ]);
    }
    return sum;
  }

  async #forAll(
    script: Script,
    ids: readonly string[] | undefined,
    matches: (letter: StoredDeadLetter) => boolean,
    limit = Infinity,
  ): Promise<number> {
    let count = 0;
    for await (const page of this.#matching(ids, matches)) {
      const entries = page.slice(0, limit - count).map(({ entry }) => entry);
      count += await this.#scripts.run<number>(script, entries);
      if (count >= limit) break;
    }
    return count;
  }

  async *#matching(
    ids: readonly string[] | undefined,
    matches: (letter: StoredDeadLetter) => boolean,
    after?: string,
  ) {
    for await (const page of this.#pages(ids, after)) {
      const matching = page
        .map((found) => ({ entry: found[0], letter: toDeadLetter(found) }))
        .filter(({ letter }) => matches(letter));
      if (matching.length > 0) yield matching;
    }
  }

  async *#pages(
    ids: readonly string[] | undefined,
    first = '0-0',
  ): AsyncGenerator<Entry[]> {
    if (ids !== undefined) {
      const stored = ids.map(toStoredText);
      const found = await this.#scripts.run<Entry[]>(scripts.ofIds, stored);
      yield found.filter(([entry]) => isAfter(entry, first));
      return;
    }
    // Up to the newest of now: what is dead-lettered meanwhile could go round forever.
    const [last] = await this.#scripts.run<[string?]>(scripts.newest);
    if (last === undefined) return;
    let after: string | undefined = first;
    while (after !== undefined) {
      const range: (string | number)[] = [after, last, PAGE];
      const page: Entry[] = await this.#scripts.run(scripts.page, range);
      yield page;
      after = page.at(-1)?.[0];
    }
  }
}

/** Whether an entry stands behind another. */
function isAfter(entry: string, other: string): boolean {
  const [ms = 0, number = 0] = entry.split('-').map(Number);
  const [otherMs = 0, otherNumber = 0] = other.split('-').map(Number);
  return ms > otherMs || (ms === otherMs && number > otherNumber);
}
