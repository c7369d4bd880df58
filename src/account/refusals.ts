import { NO_IDENTIFIER } from '../events/index.js';
import { type OdpError, OdpValidationError } from '../errors/index.js';
import { outboxError } from '../outbox/index.js';
import { nameOfThrown } from '../names.js';
import type { Reporter } from '../reporting/index.js';
import type { Caller } from './caller.js';
import { isRefusal } from './account-state.js';

/** Reports refused events, depending on whether anybody gets the error. */
export class Refusals {
  readonly #reporter: Reporter;
  readonly #caller: Caller;
  /** Errors of refused events. They are logged even if somebody awaits them. */
  readonly #logged = new WeakSet<OdpError>();

  constructor(reporter: Reporter, caller: Caller) {
    this.#reporter = reporter;
    this.#caller = caller;
  }

  /** The caller gets the error as well. */
  awaited(error: unknown, count = 1): void {
    if (error instanceof OdpValidationError) {
      this.#reporter.invalid(error.violations, undefined, undefined);
    } else if (isRefusal(error)) {
      this.#logged.add(error);
      this.#reporter.discarded(error.code, error.message, count);
    }
  }

  /**
   * The caller got a promise and does not await it.
   *
   * @param isEvent whether it was to send events
   */
  unawaited(error: unknown, isEvent = false): void {
    if (isRefusal(error) && this.#logged.has(error)) return;
    this.#reporter.unawaited(error, isEvent);
  }

  /**
   * A tracked event. One that names nobody, of a request whose caller nobody
   * knows, is no mistake; in a job, it is.
   */
  tracked(
    error: unknown,
    id: string | undefined,
    source: string | undefined,
    identity = true,
  ): void {
    if (identity && this.#caller.isRequest && namesNobody(error)) {
      this.#reporter.anonymous(source);
    } else {
      this.lost(error, id, source);
    }
  }

  /** An event that could not be made. Never throws. */
  failedToMake(error: unknown, source: string): void {
    const message = `could not be made: ${nameOfThrown(error)} was thrown`;
    this.lost(
      error instanceof OdpValidationError
        ? error
        : new OdpValidationError([{ path: 'event', message }]),
      undefined,
      source,
    );
  }

  /** An event that nobody waits for. Never throws. */
  lost(error: unknown, id?: string, source?: string): void {
    if (error instanceof OdpValidationError) {
      this.#reporter.invalid(error.violations, source, error.message);
      return;
    }
    if (isRefusal(error)) {
      this.#reporter.discarded(error.code, error.message, 1);
      return;
    }
    const { code, message } = outboxError(error);
    this.#reporter.dropped(id, code, message);
  }
}

/** Whether it is all that is wrong; identifiers that are blank are violations of their own. */
function namesNobody(error: unknown): boolean {
  if (!(error instanceof OdpValidationError)) return false;
  const [first, ...others] = error.violations;
  return first?.message === NO_IDENTIFIER && others.length === 0;
}
