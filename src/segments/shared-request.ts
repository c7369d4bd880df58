/** A request that several callers wait for. It is aborted once all of them have left. */
export class SharedRequest<T> {
  readonly #aborter: AbortController | undefined;
  readonly #result: Promise<T>;
  #waiting = 0;

  /** @param mayLeave whether its first caller may leave; one that cannot keeps it going for all */
  constructor(
    mayLeave: boolean,
    ask: (signal: AbortSignal | undefined) => Promise<T>,
  ) {
    this.#aborter = mayLeave ? new AbortController() : undefined;
    this.#result = ask(this.#aborter?.signal);
  }

  /** Whether another caller may join. */
  get isAlive(): boolean {
    return this.#aborter?.signal.aborted !== true;
  }

  /** Calls `onEnd` with the result, or `undefined` if it failed, before later callers get it. */
  ended(onEnd: (result: T | undefined) => void): void {
    this.#result.then(onEnd, () => onEnd(undefined));
  }

  /**
   * Waits for it.
   *
   * @throws the signal's reason once that is aborted
   */
  join(signal: AbortSignal | undefined): Promise<T> {
    this.#waiting++;
    if (signal === undefined) return this.#result;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the caller's own reason
        reject(signal.reason);
        if (--this.#waiting === 0) this.#aborter?.abort();
      };
      const stay = () => signal.removeEventListener('abort', leave);
      this.#result.then(resolve, reject).finally(stay);
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  }
}
