// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that nobody awaits, such as making a decorator's events, so that a flush can. */
export class BackgroundWork {
  readonly #begun = new Set<Promise<void>>();
  /** How many have not started. */
  #waiting = 0;

  /** Whether there is any. */
  get underWay(): boolean {
    return this.#waiting > 0 || this.#begun.size > 0;
  }

  /**
   * Runs `work` once the event loop has turned, so that a response goes out first.
   *
   * @param work must neither throw nor reject
   */
  soon(work: () => void | Promise<void>): void {
    this.#waiting++;
    setImmediate(() => {
      this.#waiting--;
      const done = work();
      if (done === undefined) return;
      const tracked = done.finally(() => this.#begun.delete(tracked));
      this.#begun.add(tracked);
    });
  }

  /** Resolves when all work that was added before the call is done, however long that takes. */
  async done(): Promise<void> {
    // Immediates run in the order in which they were set.
    if (this.#waiting > 0) await nextTurn();
    await Promise.all(this.#begun);
  }
}
