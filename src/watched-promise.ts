// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';

/**
 * A promise that knows whether anybody handles its outcome: `await` calls the `then`
 * of a subclass. What `then` returns is a plain promise, and up to its owner.
 */
class WatchedPromise<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #asked = false;

  /** Whether anybody handles its outcome. */
  get asked(): boolean {
    return this.#asked;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  override then<A = T, B = never>(
    onResolved?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#asked = true;
    return super.then(onResolved, onRejected);
  }

  /** To Node, its rejection counts as handled from now on. */
  handle(): void {
    super.then(undefined, () => {});
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
