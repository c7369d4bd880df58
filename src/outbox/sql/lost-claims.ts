/** A claim whose answer got lost. */
interface Lost {
  readonly token: string;
  /** When its lease has certainly ended, on the monotonic clock. */
  readonly until: number;
}

/**
 * The tokens of claims that the server may have granted although this process got no
 * answer. Nobody works on those events, so the next claims take them at once rather
 * than after their lease.
 */
export class LostClaims {
  #lost: readonly Lost[] = [];

  /** @param until when its lease has ended, on the monotonic clock in ms */
  add(token: string, until: number): void {
    this.#lost = [...this.#lost, { token, until }];
  }

  /** Those that may still hold events. A server may carry out a claim late, so each is kept for its lease. */
  tokens(now: number): readonly string[] {
    this.#lost = this.#lost.filter(({ until }) => until > now);
    return this.#lost.map(({ token }) => token);
  }
}
