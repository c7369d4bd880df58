import { bodyKey, headerKey } from './format.js';
import type { LevelStore } from './level-store.js';

/**
 * After so many delivered characters of payload their space is given back: less
 * often while others still wait, as compaction then competes with delivery.
 */
const WORTH = 64 * 1024 * 1024;
const WORTH_WHEN_IDLE = 8 * 1024 * 1024;
const NEGLIGIBLE = 1024 * 1024;

/** LevelDB only marks entries as deleted. This returns their space to the disk. */
export class Space {
  readonly #store: LevelStore;
  #freed = 0;
  #compacting: Promise<void> | undefined;

  constructor(store: LevelStore) {
    this.#store = store;
  }

  /** Tells that chunks were deleted, all of them numbered below `before`. */
  freed(size: number, before: number, idle: boolean): void {
    this.#freed += size;
    if (this.#freed < (idle ? WORTH_WHEN_IDLE : WORTH)) return;
    if (this.#compacting !== undefined) return;
    this.#freed = 0;
    this.#compacting = this.#compact(before);
  }

  async settle(): Promise<void> {
    await this.#compacting;
  }

  async #compact(before: number): Promise<void> {
    try {
      await this.#store.read(async (db) => {
        await db.compactRange(headerKey(0), headerKey(before));
        // What LevelDB was just writing to a file may be left out the first time.
        for (let times = 0; times < 2; times++) {
          await db.compactRange(bodyKey(0), bodyKey(before));
          const left = await db.approximateSize(bodyKey(0), bodyKey(before));
          if (left < NEGLIGIBLE) break;
        }
      });
    } catch {
      // Nothing is lost by it; if the disk failed, the next write says so.
    } finally {
      this.#compacting = undefined;
    }
  }
}
