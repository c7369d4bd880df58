// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';
import type { Clock } from '../clock.js';

/** Wakes the dispatcher: at the time that it sleeps until, or before. Keeps no process alive. */
export class WakeTimer {
  readonly #clock: Clock;
  #at = Infinity;
  #callOff = () => {};
  #woken = false;
  #wakeUp = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves at `until` or when it is woken; at once if that has happened since it
   * slept last, so that no news is missed.
   *
   * @param until on the monotonic clock; `Infinity` for never
   */
  async sleep(until: number): Promise<void> {
    if (!this.#woken) {
      this.#set(until);
      await new Promise<void>((resolve) => {
        this.#wakeUp = resolve;
      });
    }
    this.#woken = false;
  }

  /** Whether that time has come. */
  isPast(at: number): boolean {
    return at <= this.#clock.monotonic();
  }

  wake(): void {
    this.#woken = true;
    this.#wakeUp();
  }

  /** Wakes it once the caller, and whatever else is due now, has gone on. */
  wakeSoon(): void {
    setImmediate(() => this.wake());
  }

  off(): void {
    this.#callOff();
    this.#at = Infinity;
  }

  #set(at: number): void {
    if (at === this.#at) return;
    this.off();
    this.#at = at;
    if (at === Infinity) return;
    const ring = () => {
      this.#at = Infinity;
      this.wake();
    };
    const wait = Math.max(at - this.#clock.monotonic(), 0);
    this.#callOff = this.#clock.schedule(ring, wait, false);
  }
}
