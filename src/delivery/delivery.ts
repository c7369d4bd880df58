import { setMaxListeners } from 'node:events';
import { type Clock, within } from '../clock.js';
import { OdpOutboxFullError } from '../errors/index.js';
import type { OdpClient } from '../odp/index.js';
import type {
  AppendOptions,
  ErasedEvents,
  OdpOutbox,
  OutboxContext,
  OutboxCounts,
  OutboxEvent,
} from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import { AwaitedEvents } from './awaited-events.js';
import { Backoff } from './backoff.js';
import { BatchClaims } from './batch-claims.js';
import { BatchDelivery } from './batch-delivery.js';
import { BatchLimit } from './batch-limit.js';
import { BatchTrigger } from './batch-trigger.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { AccountDeliveryOptions } from './delivery-options.js';
import { Dispatcher } from './dispatcher.js';
import { Evidence } from './evidence.js';
import { ExpiryScan } from './expiry-scan.js';
import { Flushes } from './flushes.js';
import { OutboxAccess } from './outbox-access.js';
import { OutboxPolling } from './outbox-polling.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import { RequestRate } from './request-rate.js';
import { RequestSlots } from './request-slots.js';
import { EventRequests } from './event-requests.js';
import { RunState } from './run-state.js';
import { WakeTimer } from './wake-timer.js';

/** Until when an app that is ending delivers, on the monotonic clock. */
export interface LastDeadlines {
  /** More batches are claimed until then. */
  readonly claims: number;
  /** Requests under way may take until then. */
  readonly requests: number;
}

/** How long closing waits, after the last flush, for what is under way to stop, in ms. */
const SHUTDOWN_GRACE_MS = 1000;
/** The longest backoff while the app is ending, in ms. */
const MAX_SHUTDOWN_BACKOFF_MS = 250;

/** An account's delivery: takes made events into the outbox, and sends them to ODP. */
export class Delivery {
  readonly awaited = new AwaitedEvents();
  readonly #options: AccountDeliveryOptions;
  readonly #client: OdpClient;
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  readonly #access: OutboxAccess;
  readonly #polling: OutboxPolling;
  readonly #trigger: BatchTrigger;
  readonly #breaker: CircuitBreaker;
  readonly #evidence = new Evidence();
  readonly #run: RunState;
  readonly #slots: RequestSlots;
  readonly #dispatcher: Dispatcher;
  readonly #flushes: Flushes;
  readonly #wakeTimer: WakeTimer;
  readonly #ended = new AbortController();

  /** @param random from 0 up to 1, for jitter */
  constructor(
    options: AccountDeliveryOptions,
    client: OdpClient,
    reporter: Reporter,
    clock: Clock,
    random: () => number,
  ) {
    const { outbox, delivery } = options;
    const { signal } = this.#ended;
    // Each request under way adds a listener.
    setMaxListeners(0, signal);
    this.#options = options;
    this.#client = client;
    this.#reporter = reporter;
    this.#clock = clock;
    this.#wakeTimer = new WakeTimer(clock);
    this.#trigger = new BatchTrigger(delivery, this.#wakeTimer);
    this.#access = new OutboxAccess(
      outbox,
      this.#trigger,
      clock,
      reporter,
      signal,
    );
    this.#polling = new OutboxPolling(
      this.#access,
      this.awaited,
      this.#trigger,
      clock,
      delivery.maxEventAge,
    );
    this.#flushes = new Flushes(this.#access, this.#trigger, clock);
    this.#run = new RunState(this.awaited, this.#flushes, signal);
    this.#breaker = new CircuitBreaker(
      new Backoff(delivery.retry, random),
      clock,
      reporter,
      client.connected,
    );
    const rate = new RequestRate(clock, delivery.maxRequestsPerSecond);
    const limit = new BatchLimit(delivery.maxBatchBytes);
    const recorder = new OutcomeRecorder(
      this.#access,
      this.awaited,
      reporter,
      delivery.maxEventAge,
    );
    this.#slots = new RequestSlots(
      new BatchDelivery(
        new EventRequests(client, rate, limit, this.#run, reporter),
        recorder,
        this.#breaker,
        this.#evidence,
        reporter,
      ),
      this.#breaker,
      rate,
      this.#run,
      delivery.maxConcurrentRequests,
    );
    this.#dispatcher = new Dispatcher(
      this.#access,
      new BatchClaims(this.#access, this.#trigger, limit, clock, delivery),
      this.#slots,
      new ExpiryScan(this.#access, recorder, clock, delivery),
      this.#flushes,
      this.#wakeTimer,
    );
  }

  /** The outbox, which answers within five seconds. */
  get outbox(): OdpOutbox {
    return this.#access.outbox;
  }

  /** Whether delivery is suspended, as the account is misconfigured. */
  get suspended(): boolean {
    return this.#breaker.suspended;
  }

  /** Whether delivery was stopped by {@link pause}. */
  get paused(): boolean {
    return this.#run.paused;
  }

  /** Events in requests under way. */
  get inFlight(): number {
    return this.#slots.inFlight;
  }

  /** Starts no more requests until {@link resume}. Events are accepted meanwhile. */
  pause(): void {
    this.#run.pause();
    // Flushes end: nothing can be sent in time.
    this.#wakeTimer.wake();
  }

  resume(): void {
    this.#run.resume();
    this.#sendAll();
  }

  /** Key and host have changed, or are gone: delivery starts over with the new ones, or waits. */
  credentialsChanged(): void {
    this.#breaker.reset(this.#client.connected);
    this.#evidence.acquit();
    this.#sendAll();
  }

  /** What the outbox holds, as far as known without waiting. */
  counts(): OutboxCounts {
    return this.#access.counts();
  }

  /** See {@link OutboxAccess.probe}. */
  probe(): Promise<OutboxCounts> {
    return this.#access.probe();
  }

  /**
   * Opens the outbox and starts delivering. A failure is reported and retried. Call
   * it in no request's async context: batches mix the events of many requests, so
   * delivery must run in the context of none.
   */
  open(): Promise<void> {
    void this.#deliver();
    return this.#access.open(this.#context);
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
    if (awaited.length > 0) await this.#polling.erased(awaited);
    // A flush may be waiting for them.
    this.#wakeTimer.wake();
    return erased;
  }

  /** See {@link Flushes.flush}. */
  flush(timeout: number): Promise<{ pending: number }> {
    return this.#flushes.flush(timeout);
  }

  /** The app is ending: backoff is short, and batches are only claimed for callers that flush or await delivery. */
  beginShutdown(): void {
    this.#breaker.limitBackoff(MAX_SHUTDOWN_BACKOFF_MS);
    this.#run.serveCallers();
  }

  /**
   * The app is ending, and may close the outbox's store from now on: flushes, and
   * lets requests under way finish. Afterwards batches are only claimed for callers
   * that flush or await delivery. Never rejects.
   */
  async handOver(deadlines: LastDeadlines): Promise<void> {
    this.beginShutdown();
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
    const clock = this.#clock;
    const grace = this.#until(deadlines.requests) + SHUTDOWN_GRACE_MS;
    const end = clock.monotonic() + grace;
    this.beginShutdown();
    await this.flush(this.#until(deadlines.claims));
    this.#run.end();
    await this.#idle(deadlines);
    this.#ended.abort();
    this.#polling.stop();
    this.#wakeTimer.wake();
    // Flushes that outlast the app resolve with what is left.
    this.#flushes.end();
    let left: number | undefined;
    const ended = async () => {
      await this.#dispatcher.idle();
      await this.#access.appendsEnded();
      left = await this.#left();
      await this.#access.close();
    };
    await within(clock, end - clock.monotonic(), ended(), () => {}, true);
    this.awaited.close();
    return left;
  }

  /** Waits for what is under way, at most until its deadline. */
  #idle({ requests }: LastDeadlines): Promise<void> {
    const idle = this.#dispatcher.idle();
    return within(this.#clock, this.#until(requests), idle, () => {}, true);
  }

  #until(deadline: number): number {
    return Math.max(deadline - this.#clock.monotonic(), 0);
  }

  async #left(): Promise<number | undefined> {
    if (!this.#access.isOpen) return undefined;
    try {
      return (await this.#access.probe()).pending;
    } catch {
      return undefined;
    }
  }

  async #deliver(): Promise<void> {
    await this.#access.opened;
    this.#polling.start();
    // An earlier run may have left events behind.
    this.#sendAll();
    await this.#dispatcher.run();
  }

  /** Sends everything there is now, full batches or not. */
  #sendAll(): void {
    this.#trigger.wantAll(this.#clock.monotonic());
  }

  /** What the outbox is opened with. */
  get #context(): OutboxContext {
    return {
      now: () => this.#clock.now(),
      monotonic: () => this.#clock.monotonic(),
      deadLetterRetention: this.#options.deadLetters,
      deadLettersRemoved: (count) => this.#reporter.deadLettersRemoved(count),
      warn: (message) => this.#reporter.outboxWarned(message),
      dropped: (event) => this.#dropped(event),
      ready: () => this.#sendAll(),
      arrived: (count) =>
        this.#trigger.appended(count, () => this.#clock.monotonic()),
    };
  }

  #dropped({ id, receipt }: OutboxEvent): void {
    const why = 'An event was given up for a newer one';
    this.#access.forgotten(1);
    this.#reporter.dropped(id, 'outboxFull', why);
    this.awaited.givenUp(receipt, () => new OdpOutboxFullError(undefined, why));
  }
}
