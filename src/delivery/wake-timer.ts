import type { Clock } from '../clock.js';

/** Wakes at one time; setting it again replaces the earlier time. Keeps no process alive. */
export class WakeTimer {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #at = Infinity;
  #cancel = () => {};

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** @param at on the monotonic clock; `Infinity` for never */
  set(at: number): void {
    if (at === this.#at) return;
    this.off();
    this.#at = at;
    if (at === Infinity) return;
    const ring = () => {
      this.#at = Infinity;
      this.#wake();
    };
    const wait = Math.max(at - this.#clock.monotonic(), 0);
    this.#cancel = this.#clock.schedule(ring, wait, false);
  }

  off(): void {
    this.#cancel();
    this.#at = Infinity;
  }
}
