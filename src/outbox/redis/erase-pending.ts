import { namesIdentifier } from '../names-identifier.js';
import * as scripts from './event-scripts.js';
import { fromRecord } from './records.js';
import type { RedisScripts } from './redis-scripts.js';

/** Removes pending events that name one of these identifiers, a portion at a time. */
export async function erasePending(
  redis: RedisScripts,
  identifiers: Readonly<Record<string, string>>,
): Promise<number> {
  while ((await redis.run<number>(scripts.unpackBatch)) > 0);
  let pending = 0;
  let cursor = '0';
  do {
    const [next, found] = await redis.run<[string, string[]]>(scripts.scan, [
      cursor,
    ]);
    cursor = next;
    const named = found.filter(
      (_, i) =>
        i % 2 === 0 &&
        namesIdentifier(fromRecord(found[i + 1] ?? '').payload, identifiers),
    );
    if (named.length > 0) {
      pending += await redis.run<number>(scripts.erase, named);
    }
  } while (cursor !== '0');
  return pending;
}
