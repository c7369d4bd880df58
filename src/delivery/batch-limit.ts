/** A slow line makes no request smaller than this, in bytes. */
const MIN_BATCH_BYTES = 16 * 1024;

/**
 * How many bytes a request may hold: `maxBatchBytes`, or less while requests of
 * that size take longer than `requestTimeout` on this line.
 */
export class BatchLimit {
  readonly #max: number;
  #bytes: number;

  constructor(maxBatchBytes: number) {
    this.#max = maxBatchBytes;
    this.#bytes = maxBatchBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A request of this many bytes got no answer in time. */
  timedOut(bytes: number): void {
    const half = Math.max(Math.floor(bytes / 2), MIN_BATCH_BYTES);
    this.#bytes = Math.min(this.#bytes, half);
  }

  /**
   * A request got through: one that used half of the limit raises it.
   *
   * @param measure its bytes; called only if they matter
   */
  gotThrough(measure: () => number): void {
    if (this.#bytes === this.#max || measure() * 2 < this.#bytes) return;
    this.#bytes = Math.min(Math.ceil(this.#bytes * 1.1), this.#max);
  }
}
