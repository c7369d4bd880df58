import type { OutboxCheckpoint } from '../outbox/index.js';

/** A call of `flush` under way. */
interface Flush {
  readonly checkpoint: OutboxCheckpoint;
  /** When it ends at the latest, on the monotonic clock. */
  readonly deadline: number;
  resolve(): void;
}

/** Calls of `flush` under way, which all wait for the same deliveries. */
export class Flushes {
  readonly #waiting = new Set<Flush>();
  #asking = false;
  #askAgain = false;

  get any(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Resolves when nothing before the checkpoint is pending, or when it is seen that
   * time is over. Its caller has a timer of its own.
   */
  wait(checkpoint: OutboxCheckpoint, deadline: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add({ checkpoint, deadline, resolve });
    });
  }

  /** Ends those that have nothing left to wait for. Asks one at a time; a call meanwhile makes it ask once more. */
  async endDone(failed: (error: unknown) => void): Promise<void> {
    this.#askAgain = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#askAgain && this.any) {
      this.#askAgain = false;
      await this.#endDone(failed);
    }
    this.#asking = false;
  }

  /**
   * Ends those that have timed out, or will before anything can be sent.
   *
   * @param stuckUntil when something can be sent again
   */
  endLate(now: number, stuckUntil: number): void {
    for (const flush of this.#waiting) {
      const { deadline } = flush;
      if (now >= deadline || stuckUntil > deadline) this.#end(flush);
    }
  }

  /** Ends all of them. */
  end(): void {
    for (const flush of this.#waiting) this.#end(flush);
  }

  async #endDone(failed: (error: unknown) => void): Promise<void> {
    try {
      for (const flush of this.#waiting) {
        if ((await flush.checkpoint.pending()) === 0) this.#end(flush);
      }
    } catch (error) {
      failed(error);
    }
  }

  #end(flush: Flush): void {
    this.#waiting.delete(flush);
    flush.resolve();
  }
}
