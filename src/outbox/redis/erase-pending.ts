import { namesIdentifier } from '../names-identifier.js';
import { unpackBatch } from './append-scripts.js';
import { eventsOf, numberOf, toRanges } from './chunks.js';
import * as scripts from './erase-scripts.js';
import type { RedisScripts } from './redis-scripts.js';

type Identifiers = Readonly<Record<string, string>>;

/** Removes pending events that name one of these identifiers, a portion at a time. */
export async function erasePending(
  redis: RedisScripts,
  identifiers: Identifiers,
): Promise<number> {
  const eraseOf = (found: readonly string[]) =>
    erase(redis, found, identifiers);
  while ((await redis.run<number>(unpackBatch)) > 0);
  let position = `${await redis.run<number>(scripts.beginScan)}`;
  let count = 0;
  let cursor = '0';
  do {
    const [next, found] = await redis.run<[string, string[]]>(scripts.scan, [
      cursor,
    ]);
    cursor = next;
    count += await eraseOf(found);
  } while (cursor !== '0');
  for (;;) {
    const [next, found] = await redis.run<[string, string[]]>(
      scripts.cutSince,
      [position],
    );
    if (next === position) return count;
    position = next;
    count += await eraseOf(found);
  }
}

/** @param found entries, each with its chunk */
async function erase(
  redis: RedisScripts,
  found: readonly string[],
  identifiers: Identifiers,
): Promise<number> {
  const named: string[] = [];
  for (let i = 0; i < found.length; i += 2) {
    const entry = found[i] ?? '';
    const first = numberOf(entry);
    const numbers = eventsOf(found[i + 1] ?? '').flatMap(
      ({ payload }, place) =>
        namesIdentifier(payload, identifiers) ? [first + place] : [],
    );
    if (numbers.length > 0) named.push(entry, toRanges(numbers));
  }
  return named.length === 0 ? 0 : redis.run<number>(scripts.erase, named);
}
