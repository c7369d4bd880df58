/** A claim whose answer did not come. */
interface Lost {
  readonly token: string;
  /** When its lease has ended for sure, on the monotonic clock. */
  readonly until: number;
}

/**
 * The tokens of claims that the server may have granted without this process
 * having heard of it. Nobody works on those events, so the next claims take them
 * as if they were due, instead of a lease later.
 */
export class LostClaims {
  #lost: readonly Lost[] = [];

  /** @param until when its lease has ended, on the monotonic clock in ms */
  add(token: string, until: number): void {
    this.#lost = [...this.#lost, { token, until }];
  }

  /** Those that may still hold events. A server may carry a claim out late, so each is kept for its lease. */
  tokens(now: number): readonly string[] {
    this.#lost = this.#lost.filter(({ until }) => until > now);
    return this.#lost.map(({ token }) => token);
  }
}
