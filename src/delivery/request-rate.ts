import type { Clock } from '../clock.js';
import { sleep } from '../odp/index.js';

/** Spaces requests evenly, so that no more than `perSecond` start in a second. */
export class RequestRate {
  readonly #clock: Clock;
  /** In ms. */
  readonly #interval: number;
  #next = 0;

  /** @param perSecond `undefined` for no limit */
  constructor(clock: Clock, perSecond: number | undefined) {
    this.#clock = clock;
    this.#interval = perSecond === undefined ? 0 : 1000 / perSecond;
  }

  get isLimited(): boolean {
    return this.#interval > 0;
  }

  /** When the next request may start, on the monotonic clock; `undefined`: at once. */
  get nextRequestAt(): number | undefined {
    return this.#next > this.#clock.monotonic() ? this.#next : undefined;
  }

  /** Resolves when the caller may start a request, or when no more will be made. */
  turn(abort: AbortSignal): void | Promise<void> {
    if (this.#interval === 0) return;
    const now = this.#clock.monotonic();
    const at = Math.max(this.#next, now);
    this.#next = at + this.#interval;
    if (at === now || abort.aborted) return;
    return sleep(this.#clock, at - now, false, abort).catch(() => {});
  }
}
