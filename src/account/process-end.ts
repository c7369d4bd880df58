/** Called when the process has run out of work and is about to end. */
export type EndListener = () => void;

/**
 * Notifies accounts when the process has run out of work, so that a script that
 * sends and simply ends delivers first. All accounts of an app share one, since
 * Node warns about more than ten listeners.
 */
export class ProcessEnd {
  readonly #listeners = new Set<EndListener>();
  readonly #ends = () => {
    for (const listener of this.#listeners) listener();
  };

  add(listener: EndListener): void {
    if (this.#listeners.size === 0) process.on('beforeExit', this.#ends);
    this.#listeners.add(listener);
  }

  remove(listener: EndListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) process.off('beforeExit', this.#ends);
  }
}
