import {
  Observable,
  type Observer,
  type Operator,
  Subscriber,
  type Subscription,
} from 'rxjs';

/** Called with what a subscriber threw. */
type Failed = (error: unknown) => void;

/**
 * An observable whose subscribers cannot harm the app. What a subscriber throws,
 * RxJS rethrows where nobody can catch it, which ends the process. Here it is
 * reported, and the subscriber still gets the next item.
 */
export class GuardedEvents<T> extends Observable<T> {
  readonly #failed: Failed;

  constructor(source: Observable<T> | undefined, failed: Failed) {
    super(source && ((subscriber) => source.subscribe(subscriber)));
    this.#failed = failed;
  }

  /** Operators derive their observable through this: theirs is guarded, too. */
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new GuardedEvents<R>(undefined, this.#failed);
    // oxlint-disable-next-line typescript/no-deprecated -- how RxJS 7 itself lifts; it offers no other way
    lifted.source = this;
    // oxlint-disable-next-line typescript/no-deprecated -- the same
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(
    observer?: Partial<Observer<T>> | ((value: T) => void),
  ): Subscription;
  override subscribe(
    next?: ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription;
  override subscribe(
    given?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // An operator's own: it hands errors on to the observer at the end.
    if (given instanceof Subscriber) return super.subscribe(given);
    const observer =
      typeof given === 'object' && given !== null
        ? given
        : {
            ...(given ? { next: given } : {}),
            ...(error ? { error } : {}),
            ...(complete ? { complete } : {}),
          };
    return super.subscribe({
      next: (value) => this.#guard(() => observer.next?.(value)),
      error: (reason) => {
        if (observer.error === undefined) this.#failed(reason);
        else this.#guard(() => observer.error?.(reason));
      },
      complete: () => this.#guard(() => observer.complete?.()),
    });
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#failed(error);
    }
  }
}
