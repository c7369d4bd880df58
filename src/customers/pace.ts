import type { Clock } from '../clock.js';
import { sleep } from '../odp/index.js';

/** What ODP documents for profiles, per account. */
const MAX_PER_SECOND = 10;
/** A little more than a second, since requests may catch up with earlier ones on the way. */
const WINDOW_MS = 1100;

/** Keeps requests within the limit: they wait their turn, first come, first served. */
export class Pace {
  readonly #clock: Clock;
  #last: Promise<void> = Promise.resolve();
  /** When the last ones were sent, on the monotonic clock. */
  #starts: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rejects once one of the signals is aborted. */
  turn(...signals: (AbortSignal | undefined)[]): Promise<void> {
    const turn = this.#last.then(() => this.#wait(signals));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #wait(signals: readonly (AbortSignal | undefined)[]): Promise<void> {
    for (const signal of signals) signal?.throwIfAborted();
    const earlier = this.#starts.at(-MAX_PER_SECOND) ?? -Infinity;
    const wait = earlier + WINDOW_MS - this.#clock.monotonic();
    if (wait > 0) await sleep(this.#clock, wait, true, ...signals);
    this.#starts.push(this.#clock.monotonic());
    this.#starts = this.#starts.slice(-MAX_PER_SECOND);
  }
}
