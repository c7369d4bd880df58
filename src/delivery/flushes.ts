/** One call of `flush` that waits. */
interface Flush {
  /** Events accepted up to then are meant, in ms since the epoch. */
  readonly accepted: number;
  /** It ends then at the latest, on the monotonic clock. */
  readonly deadline: number;
  resolve(): void;
}

/** Calls of `flush` under way. All of them wait on the same deliveries. */
export class Flushes {
  readonly #waiting = new Set<Flush>();

  get any(): boolean {
    return this.#waiting.size > 0;
  }

  /** The first time that one of them ends by its timeout. */
  get nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const { deadline } of this.#waiting) {
      if (next === undefined || deadline < next) next = deadline;
    }
    return next;
  }

  /** Resolves when everything accepted until now is settled, or when time is over. */
  wait(accepted: number, deadline: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add({ accepted, deadline, resolve });
    });
  }

  /**
   * Ends those that have nothing left to wait for.
   *
   * @param oldest when the oldest pending event was accepted
   * @param stuckUntil before then nothing can be sent
   */
  settle(now: number, oldest: number | undefined, stuckUntil: number): void {
    for (const flush of this.#waiting) {
      const done = oldest === undefined || oldest > flush.accepted;
      if (done || now >= flush.deadline || stuckUntil > flush.deadline) {
        this.#waiting.delete(flush);
        flush.resolve();
      }
    }
  }
}
