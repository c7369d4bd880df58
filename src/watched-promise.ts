// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';

/**
 * A promise that knows whether anybody handles its outcome: both `await` and `then`
 * look up the constructor of a promise first (ECMA-262, PromiseResolve and
 * SpeciesConstructor). As they find `Promise`, it costs them no more than a plain one.
 */
class WatchedPromise<T> extends Promise<T> {
  static {
    // A class may not declare its constructor as an accessor.
    Reflect.defineProperty(this.prototype, 'constructor', {
      get(this: object) {
        // Loggers and the like ask the prototype, too.
        if (#asked in this) this.#asked = true;
        return Promise;
      },
    });
  }

  #asked = false;

  /** Whether anybody handles its outcome. */
  get asked(): boolean {
    return this.#asked;
  }

  /** To Node, its rejection counts as handled from now on. */
  handle(): void {
    const asked = this.#asked;
    super.then(undefined, () => {});
    this.#asked = asked;
  }
}

/**
 * A promise whose rejection, if nobody handles it, is reported and does not end the
 * process.
 *
 * @param onUnhandled gets a rejection that nobody handles; must not throw
 */
export function watched<T>(
  promise: Promise<T>,
  onUnhandled: (error: unknown) => void,
): Promise<T> {
  const made = new WatchedPromise<T>((resolve, reject) => {
    promise.then(resolve, (error: unknown) => {
      made.handle();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- passed on as it is
      reject(error);
      // An `await` of the call attaches its handler within this turn.
      setImmediate(() => {
        if (!made.asked) onUnhandled(error);
      });
    });
  });
  return made;
}
