// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';

/**
 * A promise whose rejection is reported, and does not end the process, if nobody
 * asks for it. `await` calls the `then` of a subclass, so it is known who does;
 * what `then` returns is a plain promise again, and its owner's matter.
 */
class WatchedPromise<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #asked = false;

  constructor(executor: ConstructorParameters<typeof Promise<T>>[0]) {
    super(executor);
    // Whatever happens it counts as handled.
    super.then(undefined, () => {});
  }

  /** Whether anybody asked for its outcome. */
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
}

/** @param onUnhandled gets a rejection that nobody handles; must not throw */
export function watched<T>(
  promise: Promise<T>,
  onUnhandled: (error: unknown) => void,
): Promise<T> {
  const made = new WatchedPromise<T>((resolve, reject) => {
    promise.then(resolve, (error: unknown) => {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- passed on as it is
      reject(error);
      // An `await` that follows the call asks within this turn.
      setImmediate(() => {
        if (!made.asked) onUnhandled(error);
      });
    });
  });
  return made;
}
