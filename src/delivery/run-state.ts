import type { AwaitedEvents } from './awaited-events.js';
import type { Flushes } from './flushes.js';

/** Whether delivery goes on: the app pauses it, and ends. */
export class RunState {
  /** Aborted when the app has ended: nothing more is sent. */
  readonly ended: AbortSignal;
  readonly #awaited: AwaitedEvents;
  readonly #flushes: Flushes;
  #paused = false;
  #claimsFor: 'everybody' | 'callers' | 'nobody' = 'everybody';

  constructor(awaited: AwaitedEvents, flushes: Flushes, ended: AbortSignal) {
    this.#awaited = awaited;
    this.#flushes = flushes;
    this.ended = ended;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether the app is ending. */
  get isEnding(): boolean {
    return this.#claimsFor !== 'everybody';
  }

  /** Whether no requests are started for now. */
  get isHeld(): boolean {
    if (this.#paused || this.ended.aborted) return true;
    switch (this.#claimsFor) {
      case 'everybody':
        return false;
      case 'callers':
        return !this.#awaited.any && !this.#flushes.any;
      default:
        return true;
    }
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /** From now on batches are only claimed for callers that flush or await delivery. */
  serveCallers(): void {
    this.#claimsFor = 'callers';
  }

  /** From now on nothing is claimed. */
  end(): void {
    this.#claimsFor = 'nobody';
  }
}
