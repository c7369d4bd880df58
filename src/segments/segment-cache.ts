import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import type { ResolvedSegments } from './segments-options.js';

/** What ODP said about a customer. */
export interface KnownSegments {
  /** What it was asked about. */
  readonly asked: readonly string[];
  /** Those of them that the customer is qualified for, if any. */
  readonly qualified: readonly string[];
  /** When, on the monotonic clock. */
  readonly at: number;
}

/** Characters of a customer's identifiers and segments: with longer ones the cache holds fewer customers. */
const MEAN_LENGTH = 1024;
/** Longer entries, which only hostile text makes, are not kept. */
const MAX_LENGTH = 16 * MEAN_LENGTH;

/** What ODP said about the most recently used customers. */
export class SegmentCache {
  readonly #known: LRUCache<string, KnownSegments> | undefined;
  readonly #timeout: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #generation = 0;

  constructor(
    { cacheSize, cacheTimeout }: ResolvedSegments,
    clock: Pick<Clock, 'monotonic'>,
  ) {
    this.#timeout = cacheTimeout;
    this.#clock = clock;
    if (cacheSize > 0 && cacheTimeout > 0) {
      this.#known = new LRUCache({
        max: cacheSize,
        maxSize: cacheSize * MEAN_LENGTH,
        maxEntrySize: Math.min(MAX_LENGTH, cacheSize * MEAN_LENGTH),
        sizeCalculation: ({ asked }, key) =>
          asked.reduce((length, name) => length + name.length, key.length),
      });
    }
  }

  /** Changes with each {@link clear}: answers to earlier requests must not be saved after it. */
  get generation(): number {
    return this.#generation;
  }

  /** What is known, even if it is too old for use. */
  get(key: string): KnownSegments | undefined {
    return this.#known?.get(key);
  }

  isFresh({ at }: KnownSegments): boolean {
    return this.#clock.monotonic() - at < this.#timeout;
  }

  set(key: string, known: KnownSegments): void {
    this.#known?.set(key, known);
  }

  clear(): void {
    this.#generation++;
    this.#known?.clear();
  }
}
