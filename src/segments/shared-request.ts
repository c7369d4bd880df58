/** Ends a caller's wait when its time is up. Returns a function that calls it off. */
export type TimeLimit = (leave: (reason: unknown) => void) => () => void;

/**
 * A request that several callers wait for, each for as long as it likes. It is
 * aborted once all of them have left.
 */
export class SharedRequest<T> {
  /** On the monotonic clock: it ends then, whoever waits. */
  readonly #deadline: number;
  readonly #aborter = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;

  constructor(deadline: number, ask: (aborter: AbortController) => Promise<T>) {
    this.#deadline = deadline;
    this.#result = ask(this.#aborter);
  }

  /** Whether a caller who waits until then may join. */
  lastsUntil(end: number): boolean {
    return !this.#aborter.signal.aborted && end <= this.#deadline;
  }

  /** Calls `onEnd` with the result, or `undefined` if it failed, before later callers get it. */
  ended(onEnd: (result: T | undefined) => void): void {
    this.#result.then(onEnd, () => onEnd(undefined));
  }

  /**
   * Waits for it.
   *
   * @throws the reason of `signal`, or of the limit, if the caller leaves
   */
  join(signal: AbortSignal | undefined, limit: TimeLimit): Promise<T> {
    this.#waiting++;
    return new Promise<T>((resolve, reject) => {
      const leave = (reason: unknown) => {
        done();
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the caller's own reason
        reject(reason);
        if (--this.#waiting === 0) this.#aborter.abort(reason);
      };
      const abort = () => leave(signal?.reason);
      const done = () => {
        callOff();
        signal?.removeEventListener('abort', abort);
      };
      const callOff = limit(leave);
      signal?.addEventListener('abort', abort);
      this.#result.finally(done).then(resolve, reject);
    });
  }
}
