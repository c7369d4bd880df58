// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';
import type { Clock } from '../clock.js';

interface Timer {
  readonly at: number;
  readonly keepAlive: boolean;
  readonly wake: () => void;
}

/** How many turns of the event loop follow each timer, for its consequences. */
const TURNS = 3;

/**
 * A clock that stands still until a test moves it: `advance` lets time pass,
 * `step` sets the wall clock without any time passing, as NTP does.
 *
 * ```ts
 * const clock = new ManualClock();
 * clock.schedule(() => console.log('awake'), 1000, false);
 * await clock.advance(1000);
 * ```
 */
export class ManualClock implements Clock {
  /** The monotonic time. */
  #now = 0;
  #wallOffset: number;
  readonly #timers = new Set<Timer>();

  /** @param now where it starts, in ms since the epoch; 2025-01-01 unless given */
  constructor(now: number = Date.UTC(2025, 0, 1)) {
    this.#wallOffset = now;
  }

  /** How many timers wait. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** How many of them keep the process alive. */
  get keepAliveTimers(): number {
    return [...this.#timers].filter(({ keepAlive }) => keepAlive).length;
  }

  /** In how many ms the next timer is due; `undefined` when none waits. */
  get nextIn(): number | undefined {
    const next = this.#next();
    return next && Math.max(next.at - this.#now, 0);
  }

  now(): number {
    return this.#wallOffset + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Steps the wall clock by `ms`, back if negative. No timer is affected. */
  step(ms: number): void {
    this.#wallOffset += ms;
  }

  schedule(wake: () => void, ms: number, keepAlive: boolean): () => void {
    const timer: Timer = {
      at: this.#now + Math.max(ms, 0),
      keepAlive,
      wake,
    };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /**
   * Lets `ms` pass: wakes timers that fall due, in order, including those scheduled
   * meanwhile. Before, between and after them the event loop turns, so that their
   * consequences have happened. The test has to await its own I/O, such as a real
   * HTTP request.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await turns();
    for (
      let timer = this.#next();
      timer !== undefined && timer.at <= end;
      timer = this.#next()
    ) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.wake();
      await turns();
    }
    this.#now = end;
    await turns();
  }

  /** The first one due; if several are, the one scheduled first. */
  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.at < next.at) next = timer;
    }
    return next;
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
