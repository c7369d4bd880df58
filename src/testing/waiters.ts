// Not the global ones, which the fake timers of an app's tests replace.
import { clearTimeout, setTimeout } from 'node:timers';
import { AssertionError } from 'node:assert';

/** Tests that wait for something to be found. */
export class Waiters {
  readonly #looks = new Set<() => void>();

  /** @param find returns what is waited for, or something falsy */
  add<T>(
    find: () => T | false | undefined,
    timeout: number,
    inVain: () => string,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#looks.delete(look);
        reject(new AssertionError({ message: inVain() }));
      }, timeout);
      const look = () => {
        const found = find();
        if (found === undefined || found === false) return;
        clearTimeout(timer);
        this.#looks.delete(look);
        resolve(found);
      };
      this.#looks.add(look);
      look();
    });
  }

  /** There may be more to find. */
  look(): void {
    for (const look of this.#looks) look();
  }
}
