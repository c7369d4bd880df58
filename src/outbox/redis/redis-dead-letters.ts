import { matchesFilter } from '../dead-letter-filter.js';
import type { Burial, DeadLetter, DeadLetterFilter } from '../outbox.js';
import { fromStoredText, toStoredText } from '../stored-text.js';
import type { RedisScripts } from './redis-scripts.js';
import * as scripts from './scripts.js';

/** So many are looked at in one step, so that others get their turn at Redis. */
const PAGE = 200;

type Entry = readonly [entry: string, fields: readonly string[]];

/** The dead letters of a Redis outbox: a stream, oldest first. */
export class RedisDeadLetters {
  readonly #scripts: RedisScripts;

  constructor(redis: RedisScripts) {
    this.#scripts = redis;
  }

  async list(filter: DeadLetterFilter, limit: number): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
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

  async #forAll(
    script: scripts.Script,
    filter: DeadLetterFilter,
  ): Promise<number> {
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
        .map(([entry, fields]) => ({
          entry,
          letter: toDeadLetter(entry, fields),
        }))
        .filter(({ letter }) => matchesFilter(letter, filter));
      if (matching.length > 0) yield matching;
    }
  }

  async *#pages(ids: readonly string[] | undefined): AsyncGenerator<Entry[]> {
    if (ids !== undefined) {
      const stored = ids.map(toStoredText);
      yield await this.#scripts.run<Entry[]>(scripts.deadLettersOf, stored);
      return;
    }
    // Up to the newest of now: what is buried meanwhile could go round forever.
    const [last] = await this.#scripts.run<[string?]>(scripts.newestDeadLetter);
    if (last === undefined) return;
    let after: string | undefined = '0-0';
    while (after !== undefined) {
      const range: (string | number)[] = [after, last, PAGE];
      const page: Entry[] = await this.#scripts.run(scripts.deadLetters, range);
      yield page;
      after = page.at(-1)?.[0];
    }
  }
}

function toDeadLetter(entry: string, list: readonly string[]): DeadLetter {
  const fields = fieldsOf(list);
  const status = fields('status');
  return {
    id: fromStoredText(fields('id')),
    payload: fields('payload'),
    createdAt: Number(fields('createdAt')),
    tries: Number(fields('tries')),
    reason: fields('reason') as Burial['reason'],
    status: status === '' ? undefined : Number(status),
    message: fromStoredText(fields('message')),
    // An entry is named by the server's time at which it was added, and a number.
    buriedAt: Number.parseInt(entry, 10),
  };
}

/** Reads the fields of a stream's entry by name. */
export function fieldsOf(list: readonly string[]): (name: string) => string {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < list.length; i += 2) {
    fields.set(list[i] as string, list[i + 1] as string);
  }
  return (name) => fields.get(name) ?? '';
}
