import type { ResolvedRetry } from './delivery-options.js';

/** How long to wait after failures in a row: exponential, bounded by `maxDelay`. */
export class Backoff {
  readonly #retry: ResolvedRetry;
  readonly #random: () => number;

  /** @param random from 0 up to 1, for jitter */
  constructor(retry: ResolvedRetry, random: () => number) {
    this.#retry = retry;
    this.#random = random;
  }

  /** After the nth failure, in ms. Jitter takes off a random part of up to one half. */
  after(failures: number): number {
    const { delay, factor, maxDelay, jitter } = this.#retry;
    const full = Math.min(delay * factor ** (failures - 1), maxDelay);
    return Math.round(jitter ? full * (1 - this.#random() / 2) : full);
  }
}
