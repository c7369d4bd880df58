import { OdpOutboxFullError } from '../../errors/index.js';
import type { OutboxEvent } from '../outbox.js';
import { sizeOf } from '../size-of.js';

/** What one event may take on average before the outbox counts as full. */
const SIZE_PER_EVENT = 1024;
const MIN_SIZE = 64 * 1024 * 1024;
/** How much may wait in memory for the disk, in characters of payload. */
const MAX_QUEUED = 64 * 1024 * 1024;

/** How many events are stored and how many may be, so that neither the disk nor the memory fills up. */
export class FileCapacity {
  readonly #capacity: number;
  readonly #maxSize: number;
  #stored: number;
  #storedSize: number;
  #queued = 0;
  #queuedSize = 0;

  constructor(capacity: number, stored: number, storedSize: number) {
    this.#capacity = capacity;
    this.#maxSize = Math.max(capacity * SIZE_PER_EVENT, MIN_SIZE);
    this.#stored = stored;
    this.#storedSize = storedSize;
  }

  /** How many stored events are neither delivered nor dead-lettered. */
  get pending(): number {
    return this.#stored;
  }

  /**
   * Reserves capacity for events that are about to be stored.
   *
   * @throws OdpOutboxFullError if there is none
   */
  enter(events: readonly OutboxEvent[]): { stored(): void; refused(): void } {
    const count = events.length;
    const size = sizeOf(events);
    if (!this.#fits(count, size)) throw new OdpOutboxFullError(this.#capacity);
    if (this.#queued > 0 && this.#queuedSize + size > MAX_QUEUED) {
      throw new OdpOutboxFullError(
        this.#capacity,
        `The disk is slower than events arrive (${this.#queued} wait to be stored)`,
      );
    }
    this.#queued += count;
    this.#queuedSize += size;
    const refused = () => {
      this.#queued -= count;
      this.#queuedSize -= size;
    };
    const stored = () => {
      refused();
      this.#stored += count;
      this.#storedSize += size;
    };
    return { stored, refused };
  }

  /** How many of these fit. */
  fitting(events: readonly OutboxEvent[]): number {
    let count = 0;
    let size = 0;
    for (const { payload } of events) {
      size += payload.length;
      if (!this.#fits(count + 1, size)) break;
      count++;
    }
    return count;
  }

  /** This many stored events were delivered, dead-lettered or erased. */
  left(count: number): void {
    this.#stored -= count;
  }

  /** This much was deleted; chunks are deleted as a whole. */
  freed(size: number): void {
    this.#storedSize -= size;
  }

  #fits(count: number, size: number): boolean {
    return (
      this.#stored + this.#queued + count <= this.#capacity &&
      this.#storedSize + this.#queuedSize + size <= this.#maxSize
    );
  }
}
