import { statfs } from 'node:fs/promises';
import { OdpOutboxFullError } from '../../errors/index.js';
import type { OutboxEvent } from '../outbox.js';
import { sizeOf } from '../size-of.js';
import { storeError } from './store-error.js';

/** What stays free, so that what was delivered can be recorded, deleted and compacted. */
const MAX_RESERVE = 32 * 1024 * 1024;
/** What events may take on the disk: as UTF-8 in LevelDB's log, and once more in a sorted file. */
const BYTES_PER_CHARACTER = 3;
const BYTES_PER_EVENT = 256;
/** How long a measurement counts, as others use the disk, too, in ms. */
const MEASURE_INTERVAL_MS = 1000;

/** Lets events in as long as they leave a reserve of the disk free. */
export class DiskSpace {
  readonly #path: string;
  readonly #monotonic: () => number;
  /** Called before each measurement; may throw. */
  readonly #measures: () => Promise<void>;
  #measuredAt = -Infinity;
  /** How many bytes may still be taken, as counted since the last measurement. */
  #left = 0;
  #full = false;

  constructor(
    path: string,
    monotonic: () => number,
    measures: () => Promise<void>,
  ) {
    this.#path = path;
    this.#monotonic = monotonic;
    this.#measures = measures;
  }

  /** Whether events were refused since there was last space for them. */
  get isFull(): boolean {
    return this.#full;
  }

  /**
   * Takes space for events that are about to be stored. Returns a promise if the
   * disk has to be measured first; nothing may be written meanwhile.
   *
   * @throws OdpOutboxFullError when too little would be left
   */
  take(events: readonly OutboxEvent[]): void | Promise<void> {
    const bytes = bytesOf(events);
    const isRecent = this.#monotonic() - this.#measuredAt < MEASURE_INTERVAL_MS;
    if (!isRecent || bytes > this.#left) return this.#measureAndTake(bytes);
    this.#left -= bytes;
  }

  async #measureAndTake(bytes: number): Promise<void> {
    await this.#measure();
    this.#full = bytes > this.#left;
    if (!this.#full) {
      this.#left -= bytes;
      return;
    }
    throw new OdpOutboxFullError(
      undefined,
      `The disk of ${this.#path} is nearly full: its last ${MAX_RESERVE / 1024 / 1024} MiB (half of a smaller disk) are kept for recording what is delivered. Nothing was accepted`,
      'Free some space or enlarge it: events are accepted again as soon as there is more',
    );
  }

  async #measure(): Promise<void> {
    await this.#measures();
    try {
      const { bavail, blocks, bsize } = await statfs(this.#path);
      const reserve = Math.min(MAX_RESERVE, (blocks * bsize) / 2);
      this.#left = bavail * bsize - reserve;
      this.#measuredAt = this.#monotonic();
    } catch (error) {
      throw storeError(this.#path, error);
    }
  }
}

const bytesOf = (events: readonly OutboxEvent[]) =>
  sizeOf(events) * BYTES_PER_CHARACTER + events.length * BYTES_PER_EVENT;
