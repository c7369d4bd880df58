import {
  OdpConfigurationError,
  type OdpError,
  OdpOutboxError,
} from '../errors/index.js';
import {
  type OdpOutbox,
  type OutboxContext,
  outboxError,
} from '../outbox/index.js';
import { type Clock, within } from '../clock.js';
import type { Reporter } from '../reporting/index.js';

/** What opening an outbox needs. */
export interface OutboxOpeningParts {
  readonly outbox: OdpOutbox;
  /** What the outbox is opened with. */
  readonly context: OutboxContext;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Aborted when the app ends. */
  readonly abort: AbortSignal;
  /** Called once the outbox is open. */
  opened(): void;
}

/** How soon a failed opening is tried again, in ms. */
const REOPEN_INTERVAL_MS = 1000;
/** How long the app's boot waits for the outbox, at most, in ms. */
const BOOT_TIMEOUT_MS = 5000;

/** Opens an outbox; a failure is reported and retried. */
export class OutboxOpening {
  readonly #parts: OutboxOpeningParts;
  #failure: OdpError | undefined = new OdpOutboxError(
    'The outbox is not open yet. Send once the app has booted.',
  );
  #first: Promise<void> | undefined;

  constructor(parts: OutboxOpeningParts) {
    this.#parts = parts;
  }

  /** Why the outbox cannot be used; `undefined` once it is open. */
  get failure(): OdpError | undefined {
    return this.#failure;
  }

  /**
   * Starts opening it. Resolves after the first attempt, whatever its outcome, or
   * after five seconds.
   *
   * @throws OdpConfigurationError when it can never be opened
   */
  begin(): Promise<void> {
    this.#first ??= this.#begin();
    return this.#first;
  }

  /** Resolves once {@link begin} has, if it was called. */
  async begun(): Promise<void> {
    await this.#first;
  }

  async #begin(): Promise<void> {
    const { clock, reporter } = this.#parts;
    const late = await within(
      clock,
      BOOT_TIMEOUT_MS,
      this.#try(),
      () => true,
      true,
    );
    if (late !== true) return;
    this.#failure = new OdpOutboxError(
      `The outbox is still opening after ${BOOT_TIMEOUT_MS / 1000} s. Check that its store can be reached.`,
    );
    reporter.outboxFailed('open', this.#failure);
  }

  async #try(): Promise<void> {
    const { outbox, context, clock, reporter, opened, abort } = this.#parts;
    try {
      await outbox.open(context);
      if (abort.aborted) {
        // Closing it came too early, and nobody else will.
        await outbox.close();
        return;
      }
    } catch (error) {
      // No retry fixes a package that is not installed.
      if (error instanceof OdpConfigurationError) throw error;
      this.#failure = outboxError(error);
      reporter.outboxFailed('open', this.#failure);
      clock.schedule(() => void this.#again(), REOPEN_INTERVAL_MS, false);
      return;
    }
    this.#failure = undefined;
    opened();
  }

  async #again(): Promise<void> {
    if (this.#parts.abort.aborted) return;
    await this.#try().catch((error: unknown) => {
      this.#failure = outboxError(error);
      this.#parts.reporter.outboxFailed('open', this.#failure);
    });
  }
}
