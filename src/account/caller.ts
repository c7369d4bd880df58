import type { CallerContext, OdpIdentity } from '../identity/index.js';
import { isThenable } from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';

/** What a caller is known by. */
export interface CallerParts {
  readonly callers: CallerContext;
  /** The option. */
  readonly identity: OdpIdentity | undefined;
  /** Whose `runWithIdentity` counts. */
  readonly account: object;
  readonly reporter: Reporter;
}

/** Who is calling, as one account sees it. */
export class Caller {
  readonly #parts: CallerParts;

  constructor(parts: CallerParts) {
    this.#parts = parts;
    if (parts.identity !== undefined) parts.callers.enable();
  }

  /** Whether somebody is calling here, be it anonymously. */
  get isThere(): boolean {
    const { callers, identity, account } = this.#parts;
    const caller = callers.callerOf(account);
    if (caller === undefined) return false;
    return 'identifiers' in caller || identity !== undefined;
  }

  /** From the `identity` option or `runWithIdentity`. Never throws. */
  identifiers(): unknown {
    const { callers, identity, account, reporter } = this.#parts;
    const caller = callers.callerOf(account);
    if (caller === undefined) return undefined;
    if ('identifiers' in caller) return caller.identifiers;
    if (identity === undefined) return undefined;
    try {
      const identifiers: unknown = identity(caller.request());
      if (!isThenable(identifiers)) return identifiers;
      // A rejection would end the process.
      Promise.resolve(identifiers).catch(() => {});
      reporter.identityFailed(
        'returned a promise, but an event cannot wait for it',
      );
    } catch (error) {
      reporter.identityFailed(
        `threw ${error instanceof Error ? error.name : 'an error'}`,
      );
    }
    // The event may do without; who it is about is still its own to say.
    return undefined;
  }
}
