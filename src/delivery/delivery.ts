import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { type Clock, within } from '../clock.js';
import { OdpOutboxFullError } from '../errors/index.js';
import type { OdpClient } from '../odp/index.js';
import type {
  AppendOptions,
  DeadLetterRetention,
  ErasedEvents,
  OdpOutbox,
  OutboxCounts,
  OutboxEvent,
} from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import { AwaitedEvents } from './awaited.js';
import type { ResolvedDelivery } from './delivery-options.js';
import { Dispatcher } from './dispatcher.js';
import { Flushes } from './flushes.js';
import { OutboxAccess } from './outbox-access.js';

/** What an account's delivery needs. */
export interface DeliveryParts {
  readonly outbox: OdpOutbox;
  readonly client: OdpClient;
  readonly reporter: Reporter;
  readonly clock: Clock;
  /** From 0 up to 1, for jitter. */
  random(): number;
  readonly delivery: ResolvedDelivery;
  /** How many dead letters are kept, and for how long. */
  readonly deadLetters: DeadLetterRetention;
}

/** Until when an app that is ending delivers, on the monotonic clock. */
export interface LastDeadlines {
  /** More batches are claimed until then. */
  readonly claims: number;
  /** Requests under way may take until then. */
  readonly requests: number;
}

/** How long closing waits, after the last flush, for what is under way to stop, in ms. */
const SHUTDOWN_GRACE_MS = 1000;

/** An account's delivery: takes made events into the outbox, and sends them to ODP. */
export class Delivery {
  readonly awaited = new AwaitedEvents();
  readonly #parts: DeliveryParts;
  readonly #access: OutboxAccess;
  readonly #dispatcher: Dispatcher;
  readonly #flushes = new Flushes();
  readonly #abort = new AbortController();

  constructor(parts: DeliveryParts) {
    const { outbox, reporter, clock, deadLetters } = parts;
    this.#parts = parts;
    // Each request under way adds a listener.
    setMaxListeners(0, this.#abort.signal);
    // Batches mix the events of many requests, so delivery runs in the async context of none.
    const detached = AsyncLocalStorage.snapshot();
    this.#access = new OutboxAccess({
      outbox,
      context: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        deadLetterRetention: deadLetters,
        deadLettersRemoved: (count) => reporter.deadLettersRemoved(count),
        warn: (message) => reporter.outboxWarned(message),
        dropped: (event) => this.#dropped(event),
        ready: () => this.#dispatcher.wantAll(),
        arrived: (count) => this.#dispatcher.arrived(count, clock.monotonic()),
      },
      clock,
      reporter,
      abort: this.#abort.signal,
      opened: () => this.#dispatcher.opened(),
      // An awaited event does not wait for its batch to fill.
      appended: (events, since, inTransaction) => {
        const atOnce = events[0]?.receipt !== undefined;
        // Events of a transaction count once it has committed. If no server
        // reports that, polling finds them.
        const count = inTransaction ? 0 : events.length;
        this.#dispatcher.arrived(count, since, atOnce);
      },
    });
    this.#dispatcher = new Dispatcher({
      ...parts,
      access: this.#access,
      awaited: this.awaited,
      flushes: this.#flushes,
      abort: this.#abort.signal,
      detached,
    });
  }

  /** The outbox, which answers within five seconds. */
  get outbox(): OdpOutbox {
    return this.#access.outbox;
  }

  /** Whether delivery is suspended, as the account is misconfigured. */
  get suspended(): boolean {
    return this.#dispatcher.suspended;
  }

  /** Whether delivery was stopped by {@link pause}. */
  get paused(): boolean {
    return this.#dispatcher.paused;
  }

  /** Events in requests under way. */
  get inFlight(): number {
    return this.#dispatcher.inFlight;
  }

  /** Starts no more requests until {@link resume}. Events are accepted meanwhile. */
  pause(): void {
    this.#dispatcher.pause();
  }

  resume(): void {
    this.#dispatcher.resume();
  }

  /** Key and host have changed, or are gone: delivery starts over with the new ones, or waits. */
  credentialsChanged(): void {
    this.#dispatcher.credentialsChanged();
  }

  /** What the outbox holds, as far as known without waiting. */
  counts(): OutboxCounts {
    return this.#access.counts();
  }

  /** See {@link OutboxAccess.probe}. */
  probe(): Promise<OutboxCounts> {
    return this.#access.probe();
  }

  /** Opens the outbox and starts delivering. A failure is reported and retried. */
  open(): Promise<void> {
    return this.#access.open();
  }

  /** See {@link OutboxAccess.append}. */
  append(
    events: readonly OutboxEvent[],
    options?: AppendOptions,
  ): void | Promise<void> {
    return this.#access.append(events, options);
  }

  /** See {@link OutboxAccess.erase}. */
  async erase(
    identifiers: Readonly<Record<string, string>>,
  ): Promise<ErasedEvents> {
    const awaited = this.awaited.naming(identifiers);
    const erased = await this.#access.erase(identifiers);
    if (awaited.length > 0) await this.#dispatcher.erased(awaited);
    // A flush may be waiting for them.
    this.#dispatcher.wake();
    return erased;
  }

  /**
   * Sends everything accepted before the call, without waiting for batches to
   * fill. Resolves when it is delivered or given up, after `timeout` ms, or as
   * soon as it is clear that nothing can be sent before then.
   */
  async flush(timeout: number): Promise<{ pending: number }> {
    const { clock } = this.#parts;
    const late = () => this.counts().pending;
    const flush = this.#flush(clock.monotonic() + timeout);
    return { pending: await within(clock, timeout, flush, late, true) };
  }

  /** The app is ending: backoff is short, and batches are only claimed for callers that flush or await delivery. */
  hurry(): void {
    this.#dispatcher.hurry();
  }

  /**
   * The app is ending, and may close the outbox's store from now on: flushes, and
   * lets requests under way finish. Afterwards batches are only claimed for callers
   * that flush or await delivery. Never rejects.
   */
  async handOver(deadlines: LastDeadlines): Promise<void> {
    this.hurry();
    await this.flush(this.#until(deadlines.claims));
    await this.#idle(deadlines);
  }

  /**
   * Closes: one last flush, then requests under way finish. Those that take longer
   * are aborted, and their events released. Takes a second more at most, whatever
   * hangs. Never rejects.
   *
   * @returns how many events stay behind; `undefined` if the outbox did not say
   */
  async close(deadlines: LastDeadlines): Promise<number | undefined> {
    const { clock } = this.#parts;
    const grace = this.#until(deadlines.requests) + SHUTDOWN_GRACE_MS;
    const end = clock.monotonic() + grace;
    this.hurry();
    await this.flush(this.#until(deadlines.claims));
    this.#dispatcher.end();
    await this.#idle(deadlines);
    this.#abort.abort();
    // Flushes that outlast the app resolve with what is left.
    this.#flushes.end();
    let left: number | undefined;
    const ended = async () => {
      await this.#dispatcher.stopped();
      left = await this.#left();
      await this.#access.close();
    };
    await within(clock, end - clock.monotonic(), ended(), () => {}, true);
    this.awaited.close();
    return left;
  }

  /** Waits for what is under way, at most until its deadline. */
  #idle({ requests }: LastDeadlines): Promise<void> {
    const { clock } = this.#parts;
    const idle = this.#dispatcher.idle();
    return within(clock, this.#until(requests), idle, () => {}, true);
  }

  #until(deadline: number): number {
    return Math.max(deadline - this.#parts.clock.monotonic(), 0);
  }

  async #left(): Promise<number | undefined> {
    if (!this.#access.isOpen) return undefined;
    try {
      return (await this.#access.probe()).pending;
    } catch {
      return undefined;
    }
  }

  async #flush(deadline: number): Promise<number> {
    await this.#access.opened();
    if (!this.#access.isOpen) return this.counts().pending;
    this.#dispatcher.wantAll();
    const checkpoint = await this.#access.checkpoint();
    try {
      const ended = this.#flushes.wait(checkpoint, deadline);
      // Events that came in while the mark was set are before it, too.
      this.#dispatcher.wantAll();
      await ended;
      return await checkpoint.pending();
    } catch (error) {
      this.#access.failed('count', error);
      return this.counts().pending;
    } finally {
      checkpoint.close();
    }
  }

  #dropped({ id, receipt }: OutboxEvent): void {
    const why = 'An event was given up for a newer one';
    this.#access.forgotten(1);
    this.#parts.reporter.dropped(id, 'outboxFull', why);
    this.awaited.givenUp(receipt, () => new OdpOutboxFullError(undefined, why));
  }
}
