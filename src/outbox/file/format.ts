import { OdpOutboxError } from '../../errors/index.js';
import type { LevelStore } from './level-store.js';

/**
 * What is in the directory, as LevelDB entries:
 *
 * - `format`: the version of this list
 * - `chunk!<number>`: what is left of a chunk of events, as JSON ({@link ChunkHeader})
 * - `body!<number>`: the events of that chunk, see `chunk.ts`
 * - `dead!<number>!<bytes>`: one dead letter, as JSON, and how large its payload is
 *
 * Numbers grow with time. Headers are separate from bodies, so that counting a
 * backlog reads none of its events.
 */
const FORMAT = 1;
const FORMAT_KEY = 'format';

const numbered = (prefix: string) => (number: number) =>
  `${prefix}!${String(number).padStart(16, '0')}`;

export const headerKey = numbered('chunk');
export const bodyKey = numbered('body');
export const deadPrefix = numbered('dead');
export const deadKey = (number: number, bytes: number) =>
  `${deadPrefix(number)}!${bytes}`;

/** What {@link headerKey}, {@link bodyKey} or {@link deadKey} was given. */
export const numberOf = (key: string): number => Number(key.split('!', 2)[1]);
export const bytesOf = (key: string): number => Number(key.split('!', 3)[2]);

/** Every key that {@link headerKey} or {@link deadKey} makes, from a number on. */
export const from = (key: (number: number) => string, number = 0) => ({
  gte: key(number),
  lte: key(Number.MAX_SAFE_INTEGER),
});

/** Marks a new directory; refuses one that this version cannot read. */
export async function checkFormat(
  store: LevelStore,
  path: string,
): Promise<void> {
  const found = await store.read((db) => db.get(FORMAT_KEY));
  if (found === undefined) {
    const [key] = await store.read((db) => db.keys({ limit: 1 }).all());
    if (key !== undefined) {
      throw new OdpOutboxError(
        `${path} is a LevelDB directory, but not one of fileOutbox(). Choose a path that nothing else uses.`,
      );
    }
    await store.write([{ key: FORMAT_KEY, value: String(FORMAT) }], true);
  } else if (!(Number(found) <= FORMAT)) {
    throw new OdpOutboxError(
      `${path} was written by a newer version of this package (format ${found}; this one reads up to ${FORMAT}). ` +
        'Install that version again, or choose another path and let that version deliver the events in it.',
    );
  }
}
