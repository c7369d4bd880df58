import { matchesFilter } from '../dead-letter-filter.js';
import type { StoredDeadLetter, DeadLetterFilter } from '../outbox.js';
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
    limit: number,
  ): Promise<StoredDeadLetter[]> {
    const found: StoredDeadLetter[] = [];
    for await (const page of this.#matching(filter)) {
      found.push(...page.map(({ letter }) => letter));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  requeue(filter: DeadLetterFilter): Promise<number> {
    return this.#forAll(scripts.requeue, filter);
  }

  purge(filter: DeadLetterFilter): Promise<number> {
    return this.#forAll(scripts.purge, filter);
  }

  async #forAll(script: Script, filter: DeadLetterFilter): Promise<number> {
    let count = 0;
    for await (const page of this.#matching(filter)) {
      const entries = page.map(({ entry }) => entry);
      count += await this.#scripts.run<number>(script, entries);
    }
    return count;
  }

  async *#matching(filter: DeadLetterFilter) {
    for await (const page of this.#pages(filter.ids)) {
      const matching = page
        .map((found) => ({ entry: found[0], letter: toDeadLetter(found) }))
        .filter(({ letter }) => matchesFilter(letter, filter));
      if (matching.length > 0) yield matching;
    }
  }

  async *#pages(ids: readonly string[] | undefined): AsyncGenerator<Entry[]> {
    if (ids !== undefined) {
      const stored = ids.map(toStoredText);
      yield await this.#scripts.run<Entry[]>(scripts.ofIds, stored);
      return;
    }
    // Up to the newest of now: what is dead-lettered meanwhile could go round forever.
    const [last] = await this.#scripts.run<[string?]>(scripts.newest);
    if (last === undefined) return;
    let after: string | undefined = '0-0';
    while (after !== undefined) {
      const range: (string | number)[] = [after, last, PAGE];
      const page: Entry[] = await this.#scripts.run(scripts.page, range);
      yield page;
      after = page.at(-1)?.[0];
    }
  }
}
