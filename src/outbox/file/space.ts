import { bodyKey, deadPrefix, headerKey } from './format.js';
import type { Change, LevelStore } from './level-store.js';

/**
 * After this many delivered characters of payload, their space is freed: less often
 * while events wait, as compaction competes with delivery.
 */
const WORTH = 64 * 1024 * 1024;
const WORTH_WHEN_IDLE = 8 * 1024 * 1024;
/** Less than this is not worth it while events wait, even if the disk is full. */
const NEGLIGIBLE = 1024 * 1024;

/** When deleted chunks are worth freeing their space. */
export interface Pressure {
  /** Whether no events wait. */
  readonly idle: boolean;
  readonly diskIsFull: boolean;
}

/** Frees the space of deleted entries, which LevelDB only marks as deleted. */
export class Space {
  readonly #store: Pick<LevelStore, 'read'>;
  readonly #write: (changes: readonly Change[]) => Promise<void>;
  #freed = 0;
  #before = 0;
  #worth = WORTH;
  #compacting: Promise<void> | undefined;
  #purging: Promise<void> | undefined;

  constructor(
    store: Pick<LevelStore, 'read'>,
    write: (changes: readonly Change[]) => Promise<void>,
  ) {
    this.#store = store;
    this.#write = write;
  }

  /** Chunks with numbers below `before` were deleted. */
  freed(size: number, before: number, pressure: Pressure): void {
    this.#freed += size;
    this.#before = before;
    this.#worth = worthOf(pressure);
    this.#compacting ??= this.#compactWhileWorth();
  }

  /** Makes LevelDB drop what was deleted or overwritten, all of it. */
  purge(): void {
    const earlier = this.#purging;
    this.#purging = (async () => {
      await earlier;
      await this.#purge(bodyKey);
      await this.#purge(deadPrefix);
    })();
  }

  /** Resolves once no space is being freed any more. */
  async idle(): Promise<void> {
    await this.#compacting;
    await this.#purging;
  }

  async #compactWhileWorth(): Promise<void> {
    // So that `#compacting` is set before it is reset.
    await Promise.resolve();
    while (this.#freed >= this.#worth) {
      this.#freed = 0;
      await this.#compact(this.#before);
    }
    this.#compacting = undefined;
  }

  async #compact(before: number): Promise<void> {
    try {
      await this.#compactRange(headerKey(0), headerKey(before));
      await this.#compactRange(bodyKey(0), bodyKey(before));
      const left = await this.#store.read((db) =>
        db.approximateSize(bodyKey(0), bodyKey(before)),
      );
      if (left < NEGLIGIBLE) return;
      await this.#overlap(bodyKey(0), `${bodyKey(before - 1)}!`);
      await this.#compactRange(bodyKey(0), bodyKey(before));
    } catch {
      // Nothing is lost; if the disk failed, the next write reports it.
    }
  }

  async #purge(key: (number: number) => string): Promise<void> {
    const start = key(0);
    const end = key(Number.MAX_SAFE_INTEGER);
    try {
      await this.#compactRange(start, end);
      await this.#overlap(start, end);
      await this.#compactRange(start, end);
    } catch {
      // As above.
    }
  }

  /** LevelDB leaves alone a file that no newer one overlaps. There must be no such entries. */
  #overlap(...keys: string[]): Promise<void> {
    return this.#write(keys.map((key) => ({ key, value: undefined })));
  }

  #compactRange(start: string, end: string): Promise<void> {
    return this.#store.read((db) => db.compactRange(start, end));
  }
}

function worthOf({ idle, diskIsFull }: Pressure): number {
  if (diskIsFull) return idle ? 1 : NEGLIGIBLE;
  return idle ? WORTH_WHEN_IDLE : WORTH;
}
