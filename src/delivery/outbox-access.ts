import type { Clock } from '../clock.js';
import {
  type AppendOptions,
  BoundedOutbox,
  type ClaimRequest,
  type ErasedEvents,
  isThenable,
  type OdpOutbox,
  type OutboxCheckpoint,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
} from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import type { BatchTrigger } from './batch-trigger.js';
import { Claim } from './claim.js';
import { OutboxOpening } from './outbox-opening.js';
import { UnderWay } from './under-way.js';

type Changing<T> = { -readonly [K in keyof T]: T[K] };

const EMPTY: OutboxCounts = {
  pending: 0,
  oldestAge: undefined,
  deadLetters: 0,
};

/** Fronts the outbox: opens it, appends events, tracks what it holds, and always answers in time. */
export class OutboxAccess {
  readonly outbox: OdpOutbox;
  readonly #trigger: BatchTrigger;
  readonly #clock: Clock;
  readonly #now = () => this.#clock.monotonic();
  readonly #reporter: Reporter;
  readonly #opening: OutboxOpening;
  /** The last answer, updated in place: it changes with every event. */
  #counts: Changing<OutboxCounts> = { ...EMPTY };
  readonly #appends = new UnderWay();
  #asking = 0;
  #probing: Promise<OutboxCounts> | undefined;
  #closed = false;

  /** @param ended aborted when the app has ended */
  constructor(
    outbox: OdpOutbox,
    trigger: BatchTrigger,
    clock: Clock,
    reporter: Reporter,
    ended: AbortSignal,
  ) {
    this.outbox = new BoundedOutbox(outbox, clock);
    this.#trigger = trigger;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#opening = new OutboxOpening(this.outbox, clock, reporter, ended);
  }

  /** Whether the outbox can be used. */
  get isOpen(): boolean {
    return (
      this.#opening.failure === undefined &&
      !this.outbox.storeClosed &&
      !this.#closed
    );
  }

  /** Whether the app has ended, or has closed the store: what fails is not tried again. */
  get isOver(): boolean {
    return this.#opening.isOver;
  }

  /** See {@link OutboxOpening.begin}. */
  open(context: OutboxContext): Promise<void> {
    return this.#opening.begin(context);
  }

  /** Resolves after the first attempt to open the outbox, if there was one. */
  firstOpened(): Promise<void> {
    return this.#opening.begun();
  }

  /** Resolves once the outbox is open, which may never be. */
  get opened(): Promise<void> {
    return this.#opening.opened;
  }

  /**
   * Hands events to the outbox; returns, or resolves, when it has them.
   *
   * @throws OdpOutboxFullError when the outbox is full
   * @throws OdpOutboxError when the outbox fails
   */
  append(
    events: readonly OutboxEvent[],
    options?: AppendOptions,
  ): void | Promise<void> {
    const { failure } = this.#opening;
    if (failure !== undefined) throw this.#reporter.outboxThrew(failure);
    let inTransaction = false;
    try {
      inTransaction = this.outbox.joinsTransaction(options);
      const appended = this.outbox.append(events, options);
      if (isThenable(appended)) {
        const round = this.#appends.begin();
        const since = this.#clock.monotonic();
        return Promise.resolve(appended).then(
          () => {
            this.#appended(events, () => since, inTransaction);
            this.#appends.end(round);
          },
          (error: unknown) => {
            this.#appends.end(round);
            throw this.#reporter.outboxThrew(error);
          },
        );
      }
    } catch (error) {
      throw this.#reporter.outboxThrew(error);
    }
    this.#appended(events, this.#now, inTransaction);
  }

  /**
   * Resolves once the appends that are under way now have ended, such as those of
   * callers that do not wait. Does not wait for capacity, which only delivery makes.
   */
  appendsEnded(): Promise<void> {
    return this.outbox.durability === 'process'
      ? Promise.resolve()
      : this.#appends.ended();
  }

  /**
   * Claims events.
   *
   * @throws OdpOutboxError when the outbox fails
   */
  async claim(request: ClaimRequest): Promise<Claim> {
    const leaseEnd = this.#clock.monotonic() + request.lease;
    const events = await this.outbox.claim(request);
    return new Claim(
      events,
      leaseEnd,
      this.#opening,
      this.#trigger,
      this.#reporter,
      this.#clock,
    );
  }

  /**
   * Forgets a customer's events and dead letters.
   *
   * @throws OdpOutboxError when the outbox fails, or is not open
   */
  async erase(
    identifiers: Readonly<Record<string, string>>,
  ): Promise<ErasedEvents> {
    const { failure } = this.#opening;
    if (failure !== undefined) throw failure;
    try {
      const erased = await this.outbox.erase(identifiers);
      this.forgotten(erased.pending);
      return erased;
    } catch (error) {
      throw this.#reporter.outboxThrew(error);
    }
  }

  /** What the outbox holds: now if it answers at once, else as of its last answer. */
  counts(): OutboxCounts {
    if (this.#asking === 0 && this.isOpen) void this.refresh();
    return this.#counts;
  }

  /** New counts; the last known ones if the outbox fails. Never rejects. */
  refresh(): OutboxCounts | Promise<OutboxCounts> {
    try {
      const answer = this.outbox.counts();
      if (isThenable(answer)) return this.#keep(answer);
      this.#counts = { ...answer };
      return answer;
    } catch (error) {
      this.failed('count', error);
      return this.#counts;
    }
  }

  /**
   * Asks the outbox what it holds, and thereby whether it works. Concurrent calls
   * join: an outbox that hangs is asked once.
   *
   * @throws what the outbox throws, or why it could not be opened
   */
  probe(): Promise<OutboxCounts> {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  /** A mark after what was appended so far; after everything if the outbox fails to set one. */
  async checkpoint(): Promise<OutboxCheckpoint> {
    try {
      return await this.outbox.checkpoint();
    } catch (error) {
      this.failed('count', error);
      const pending = async () => (await this.outbox.counts()).pending;
      return { pending, close: () => {} };
    }
  }

  /** Reports a failure, unless the app has closed the store: that is none. */
  failed(doing: string, error: unknown): void {
    if (this.outbox.storeClosed) return;
    this.#reporter.outboxFailed(doing, error);
  }

  /** Events were delivered or given up. */
  forgotten(count: number): void {
    this.#counts.pending = Math.max(this.#counts.pending - count, 0);
    if (this.#counts.pending === 0) this.#counts.oldestAge = undefined;
  }

  /** Events were given up. */
  deadLettered(count: number): void {
    this.forgotten(count);
    this.#counts.deadLetters += count;
  }

  /** Closes the outbox. Never rejects. */
  async close(): Promise<void> {
    if (this.#opening.failure !== undefined) return;
    this.#closed = true;
    try {
      await this.outbox.close();
    } catch (error) {
      this.failed('close', error);
    }
  }

  #appended(
    events: readonly OutboxEvent[],
    since: () => number,
    inTransaction: boolean,
  ): void {
    if (events.length === 0) return;
    this.#counts.oldestAge ??= 0;
    this.#counts.pending += events.length;
    this.#reporter.accepted(events);
    // An awaited event does not wait for its batch to fill.
    if (events[0]?.receipt !== undefined) {
      this.#trigger.wantAllSoon(this.#clock.monotonic());
    }
    // Events of a transaction count once it has committed. If no server reports
    // that, polling finds them.
    this.#trigger.appended(inTransaction ? 0 : events.length, since);
  }

  async #keep(answer: PromiseLike<OutboxCounts>): Promise<OutboxCounts> {
    this.#asking++;
    try {
      const counts = await answer;
      this.#counts = { ...counts };
      // Return the answer itself: the counts kept up to date may subtract a
      // delivery twice, and a flush would take the outbox for empty.
      return counts;
    } catch (error) {
      this.failed('count', error);
      return this.#counts;
    } finally {
      this.#asking--;
    }
  }

  async #probe(): Promise<OutboxCounts> {
    const { failure } = this.#opening;
    if (failure !== undefined) throw failure;
    return await this.outbox.counts();
  }
}
