/** Told that the process has run out of work, and ends unless there is more. */
export type EndListener = () => void;

/**
 * Tells accounts when the process has run out of work, so that a script that
 * sends and simply ends delivers first. One for all accounts of an app: Node
 * warns of more than ten listeners.
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
