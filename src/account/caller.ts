import type { CallerContext, OdpIdentity } from '../identity/index.js';
import { nameOfThrown } from '../names.js';
import { isThenable } from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';

/** Who is calling, from one account's point of view. */
export class Caller {
  readonly #account: object;
  readonly #callers: CallerContext;
  readonly #identity: OdpIdentity | undefined;
  readonly #reporter: Reporter;
  /** Whether `identity` failed when it was last asked. */
  #failed = false;

  /**
   * @param account whose `runWithIdentity` counts
   * @param identity the option
   */
  constructor(
    account: object,
    callers: CallerContext,
    identity: OdpIdentity | undefined,
    reporter: Reporter,
  ) {
    this.#account = account;
    this.#callers = callers;
    this.#identity = identity;
    this.#reporter = reporter;
    if (identity !== undefined) callers.enable();
  }

  /** Whether there is a caller, even an anonymous one. */
  get isThere(): boolean {
    const caller = this.#callers.callerOf(this.#account);
    if (caller === undefined) return false;
    return 'identifiers' in caller || this.#identity !== undefined;
  }

  /** Whether a request is under way, and `identity` has just said whose, or that nobody knows. */
  get isRequest(): boolean {
    const caller = this.#callers.callerOf(this.#account);
    return (
      caller !== undefined &&
      !('identifiers' in caller) &&
      this.#identity !== undefined &&
      !this.#failed
    );
  }

  /** From the `identity` option or `runWithIdentity`. Never throws. */
  identifiers(): unknown {
    const identity = this.#identity;
    const caller = this.#callers.callerOf(this.#account);
    if (caller === undefined) return undefined;
    if ('identifiers' in caller) return caller.identifiers;
    if (identity === undefined) return undefined;
    this.#failed = false;
    try {
      const identifiers: unknown = identity(caller.request());
      if (!isThenable(identifiers)) return identifiers;
      // A rejection would end the process.
      Promise.resolve(identifiers).catch(() => {});
      this.#reporter.identityFailed(
        'returned a promise, but an event cannot wait for it',
      );
    } catch (error) {
      this.#reporter.identityFailed(`threw ${nameOfThrown(error)}`);
    }
    this.#failed = true;
    // The event may well name its customer itself.
    return undefined;
  }
}
