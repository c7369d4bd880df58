import type { Clock } from '../clock.js';

/** Wakes at one time; setting it anew calls the earlier one off. */
export class WakeTimer {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #at = Infinity;
  #keepAlive = false;
  #cancel = () => {};

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /**
   * @param at on the monotonic clock; `Infinity` for never
   * @param keepAlive whether the process must not end before
   */
  set(at: number, keepAlive: boolean): void {
    if (at === this.#at && keepAlive === this.#keepAlive) return;
    this.off();
    this.#at = at;
    this.#keepAlive = keepAlive;
    if (at === Infinity) return;
    const ring = () => {
      this.#at = Infinity;
      this.#wake();
    };
    const wait = Math.max(at - this.#clock.monotonic(), 0);
    this.#cancel = this.#clock.schedule(ring, wait, keepAlive);
  }

  off(): void {
    this.#cancel();
    this.#at = Infinity;
  }
}
