import { bodyKey, headerKey } from './format.js';
import type { LevelStore } from './level-store.js';

/**
 * After this many delivered characters of payload, their space is freed: less often
 * while events wait, as compaction competes with delivery.
 */
const WORTH = 64 * 1024 * 1024;
const WORTH_WHEN_IDLE = 8 * 1024 * 1024;
const NEGLIGIBLE = 1024 * 1024;

/** Frees the space of deleted entries, which LevelDB only marks as deleted. */
export class Space {
  readonly #store: LevelStore;
  #freed = 0;
  #compacting: Promise<void> | undefined;

  constructor(store: LevelStore) {
    this.#store = store;
  }

  /** Chunks with numbers below `before` were deleted. */
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
        // The first pass may miss what LevelDB was just writing to a file.
        for (let times = 0; times < 2; times++) {
          await db.compactRange(bodyKey(0), bodyKey(before));
          const left = await db.approximateSize(bodyKey(0), bodyKey(before));
          if (left < NEGLIGIBLE) break;
        }
      });
    } catch {
      // Nothing is lost; if the disk failed, the next write reports it.
    } finally {
      this.#compacting = undefined;
    }
  }
}
