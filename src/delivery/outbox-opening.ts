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

/** How soon a failed opening is tried again, in ms. */
const REOPEN_INTERVAL_MS = 1000;
/** How long the app's boot waits for the outbox, at most, in ms. */
const BOOT_TIMEOUT_MS = 5000;

/** Opens an outbox; a failure is reported and retried. */
export class OutboxOpening {
  readonly outbox: OdpOutbox;
  /** Resolves once it is open. */
  readonly opened: Promise<void>;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  readonly #ended: AbortSignal;
  #isOpen = () => {};
  #failure: OdpError | undefined = new OdpOutboxError(
    'The outbox is not open yet. Send once the app has booted.',
  );
  #first: Promise<void> | undefined;

  /** @param ended aborted when the app has ended */
  constructor(
    outbox: OdpOutbox,
    clock: Clock,
    reporter: Reporter,
    ended: AbortSignal,
  ) {
    this.outbox = outbox;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#ended = ended;
    this.opened = new Promise((resolve) => {
      this.#isOpen = resolve;
    });
  }

  /** Why the outbox cannot be used; `undefined` once it is open. */
  get failure(): OdpError | undefined {
    return this.#failure;
  }

  /** Whether the app has ended, or has closed the store: what fails is not tried again. */
  get isOver(): boolean {
    return this.#ended.aborted || this.outbox.storeClosed;
  }

  /**
   * Starts opening it. Resolves after the first attempt, whatever its outcome, or
   * after five seconds.
   *
   * @throws OdpConfigurationError when it can never be opened
   */
  begin(context: OutboxContext): Promise<void> {
    this.#first ??= this.#begin(context);
    return this.#first;
  }

  /** Resolves once {@link begin} has, if it was called. */
  async begun(): Promise<void> {
    await this.#first;
  }

  async #begin(context: OutboxContext): Promise<void> {
    const late = await within(
      this.#clock,
      BOOT_TIMEOUT_MS,
      this.#try(context),
      () => true,
      true,
    );
    if (late !== true) return;
    this.#failed(
      new OdpOutboxError(
        `The outbox is still opening after ${BOOT_TIMEOUT_MS / 1000} s. Check that its store can be reached.`,
      ),
    );
  }

  async #try(context: OutboxContext): Promise<void> {
    try {
      await this.outbox.open(context);
      if (this.#ended.aborted) {
        // Closing it came too early, and nobody else will.
        await this.outbox.close();
        return;
      }
    } catch (error) {
      // No retry fixes a package that is not installed.
      if (error instanceof OdpConfigurationError) throw error;
      this.#failed(outboxError(error));
      this.#clock.schedule(
        () => void this.#again(context),
        REOPEN_INTERVAL_MS,
        false,
      );
      return;
    }
    this.#failure = undefined;
    this.#isOpen();
  }

  async #again(context: OutboxContext): Promise<void> {
    if (this.#ended.aborted) return;
    await this.#try(context).catch((error: unknown) =>
      this.#failed(outboxError(error)),
    );
  }

  #failed(failure: OdpError): void {
    this.#failure = failure;
    this.#reporter.outboxFailed('open', failure);
  }
}
