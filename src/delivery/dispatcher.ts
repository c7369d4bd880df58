import { AsyncLocalStorage } from 'node:async_hooks';
// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';
import { OdpOutboxFullError } from '../errors/index.js';
import type { ResolvedDelivery } from './delivery-options.js';
import {
  type AppendOptions,
  type ClaimedEvent,
  type DeadLetterRetention,
  type ErasedEvents,
  type OdpOutbox,
  type OutboxCheckpoint,
  type OutboxCounts,
  isThenable,
  type OutboxEvent,
} from '../outbox/index.js';
import { WakeTimer } from './wake-timer.js';
import { AwaitedEvents } from './awaited.js';
import { backoff } from './backoff.js';
import { BatchDelivery } from './batch-delivery.js';
import type { Clock } from '../clock.js';
import { BatchTrigger } from './batch-trigger.js';
import { Flushes } from './flushes.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { resolveAwaitedOutcomes } from './awaited-outcomes.js';
import type { OdpClient } from '../odp/index.js';
import { OutboxAccess } from './outbox-access.js';
import { OutboxOpening } from './outbox-opening.js';
import type { Reporter } from '../reporting/index.js';
import { ExpiryScan } from './expiry-scan.js';

/** What a dispatcher works with. */
export interface DispatcherParts {
  readonly outbox: OdpOutbox;
  readonly client: OdpClient;
  readonly reporter: Reporter;
  readonly clock: Clock;
  /** From 0 up to 1, for jitter. */
  random(): number;
  readonly delivery: ResolvedDelivery;
  /** What is kept of events that were given up. */
  readonly deadLetters: DeadLetterRetention;
}

/** The least time that events are lent for, in ms: longer than any pause of a healthy process. */
const MIN_LEASE_MS = 60_000;
/** How soon an outbox that failed, or that lends nothing, is asked again, in ms. */
const OUTBOX_RETRY_INTERVAL_MS = 1000;
/** The longest backoff of an app that is ending, in ms. */
const MAX_SHUTDOWN_BACKOFF_MS = 250;

/**
 * Decides when events go to ODP: takes them from the outbox in batches, as many
 * at once as may be, and waits where waiting is due.
 */
export class Dispatcher {
  readonly awaited = new AwaitedEvents();
  readonly #parts: DispatcherParts;
  readonly #lease: number;
  readonly #trigger: BatchTrigger;
  readonly #breaker: CircuitBreaker;
  readonly #access: OutboxAccess;
  readonly #flushes = new Flushes();
  readonly #batches: BatchDelivery;
  readonly #opening: OutboxOpening;
  readonly #expiryScan: ExpiryScan;
  readonly #wakeTimer: WakeTimer;
  readonly #abort = new AbortController();
  /** Events of many requests go together: delivery runs in the async context of none. */
  readonly #detached = AsyncLocalStorage.snapshot();
  /** A list, since what was once in a long-lived Set stays with the collector for long. */
  #underWay: readonly Promise<void>[] = [];
  #inFlight = 0;
  #probing: Promise<OutboxCounts> | undefined;
  #claiming: Promise<void> | undefined;
  #outboxRestsUntil = 0;
  #pollAt = Infinity;

  constructor(parts: DispatcherParts) {
    const { client, outbox, reporter, clock, delivery, random } = parts;
    this.#parts = parts;
    this.#lease = Math.max(MIN_LEASE_MS, 3 * delivery.requestTimeout);
    this.#wakeTimer = new WakeTimer(clock, () => this.#wake());
    this.#trigger = new BatchTrigger(delivery);
    this.#breaker = new CircuitBreaker(
      {
        backoff: (failures) => backoff(delivery.retry, failures, random),
        probeInterval: delivery.retry.maxDelay,
      },
      client.connected,
    );
    this.#access = new OutboxAccess(outbox, (error) =>
      reporter.outboxFailed('count', error),
    );
    this.#batches = new BatchDelivery({
      client,
      outbox,
      breaker: this.#breaker,
      reporter,
      awaited: this.awaited,
      clock,
      requestTimeout: delivery.requestTimeout,
      maxEventAge: delivery.maxEventAge,
      probeInterval: delivery.retry.maxDelay,
      abort: this.#abort.signal,
      settled: (count) => this.#access.settled(count),
      released: (delay) => {
        // Where others share the outbox they get their chance: it may be only
        // this process that cannot reach ODP.
        const others = random() * (outbox.pollInterval ?? 0);
        this.#trigger.released(clock.monotonic() + delay + others);
      },
    });
    this.#opening = new OutboxOpening({
      outbox,
      context: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        deadLetterRetention: parts.deadLetters,
        deadLettersRemoved: (count) => reporter.deadLettersRemoved(count),
        warn: (message) => reporter.outboxWarned(message),
        dropped: (event) => this.#dropped(event),
        ready: () => this.#wantAll(),
      },
      clock,
      reporter,
      abort: this.#abort.signal,
      opened: () => {
        this.#pollAt = clock.monotonic() + (outbox.pollInterval ?? Infinity);
        // An earlier run may have left events behind.
        this.#wantAll();
      },
    });
    this.#expiryScan = new ExpiryScan({
      outbox,
      breaker: this.#breaker,
      access: this.#access,
      batches: this.#batches,
      reporter,
      maxEventAge: delivery.maxEventAge,
      batchSize: delivery.batchSize,
      lease: this.#lease,
    });
  }

  /** Whether the account is misconfigured and delivery waits. */
  get suspended(): boolean {
    return this.#breaker.suspended;
  }

  /** Events in requests under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Key and host have changed, or gone: delivery begins anew with them, or waits. */
  credentialsChanged(): void {
    this.#breaker.reset(this.#parts.client.connected);
    this.#wantAll();
  }

  /** What the outbox holds, as far as is known without waiting. */
  counts(): OutboxCounts {
    return this.#access.read();
  }

  /**
   * Asks the outbox what it holds, and so whether it can be used. Calls under
   * way join: an outbox that hangs is asked once.
   *
   * @throws what the outbox throws, and why it could not be opened
   */
  probe(): Promise<OutboxCounts> {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
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
      const erased = await this.#parts.outbox.erase(identifiers);
      this.#access.settled(erased.pending);
      // A flush may have waited for them.
      this.#wake();
      return erased;
    } catch (error) {
      throw this.#parts.reporter.outboxThrew(error);
    }
  }

  /** Opens the outbox and starts to deliver. A failure is told and tried again; it never rejects. */
  open(): Promise<void> {
    return this.#opening.begin();
  }

  /**
   * Hands events to the outbox; returns, or resolves, when it has them.
   *
   * @throws OdpOutboxFullError when there is no room
   * @throws OdpOutboxError when the outbox fails
   */
  append(
    events: readonly OutboxEvent[],
    options?: AppendOptions,
  ): void | Promise<void> {
    const { failure } = this.#opening;
    if (failure !== undefined) throw this.#parts.reporter.outboxThrew(failure);
    const since = this.#parts.clock.monotonic();
    try {
      const appended = this.#parts.outbox.append(events, options);
      if (isThenable(appended)) {
        return Promise.resolve(appended).then(
          () => this.#appended(events, since),
          (error: unknown) => {
            throw this.#parts.reporter.outboxThrew(error);
          },
        );
      }
    } catch (error) {
      throw this.#parts.reporter.outboxThrew(error);
    }
    this.#appended(events, since);
  }

  /**
   * Sends everything accepted before the call, without waiting for batches to
   * fill. Resolves when it is settled, when `timeout` ms are over, or as soon
   * as nothing can be sent before they are.
   */
  async flush(timeout: number): Promise<{ pending: number }> {
    await this.#opening.begun();
    const deadline = this.#parts.clock.monotonic() + timeout;
    const checkpoint = await this.#checkpoint();
    if (checkpoint === undefined) return this.#access.refresh();
    try {
      const ended = this.#flushes.wait(checkpoint, deadline);
      this.#trigger.wantAll();
      this.#wake();
      await ended;
      return { pending: await checkpoint.pending() };
    } catch (error) {
      this.#parts.reporter.outboxFailed('count', error);
      return this.#access.read();
    } finally {
      checkpoint.close();
    }
  }

  /** The app ends: from here on, backoff is short. */
  hurry(): void {
    const now = this.#parts.clock.monotonic();
    this.#breaker.limitBackoff(now, MAX_SHUTDOWN_BACKOFF_MS);
  }

  /**
   * Ends: one last flush of at most `timeout` ms, then whatever is under way is
   * broken off and its events are given back. Never rejects.
   *
   * @returns how many events stay behind
   */
  async close(timeout: number): Promise<number> {
    const { outbox, reporter } = this.#parts;
    await this.#opening.begun();
    this.hurry();
    await this.flush(timeout);
    const { pending } = await this.#access.refresh();
    this.#abort.abort();
    this.#wakeTimer.off();
    await this.#claiming;
    await Promise.all(this.#underWay);
    try {
      if (this.#opening.failure === undefined) await outbox.close();
    } catch (error) {
      reporter.outboxFailed('close', error);
    }
    this.awaited.close();
    return pending;
  }

  /** `undefined` if the outbox cannot say what it holds. */
  async #checkpoint(): Promise<OutboxCheckpoint | undefined> {
    if (this.#opening.failure !== undefined) return undefined;
    try {
      return await this.#parts.outbox.checkpoint();
    } catch (error) {
      this.#parts.reporter.outboxFailed('count', error);
      return undefined;
    }
  }

  async #probe(): Promise<OutboxCounts> {
    const { failure } = this.#opening;
    if (failure !== undefined) throw failure;
    return await this.#parts.outbox.counts();
  }

  #appended(events: readonly OutboxEvent[], since: number): void {
    const [first] = events;
    if (first === undefined) return;
    this.#parts.reporter.accepted(events);
    this.#access.appended(events);
    // If there was no capacity it has waited since then.
    const changed = this.#trigger.appended(events.length, since);
    // Neither at the expense of the caller whose event filled the batch, nor in
    // one go with taking in a long list.
    if (changed) setImmediate(() => this.#wake());
  }

  #dropped({ id, receipt }: OutboxEvent): void {
    const why = 'An event was given up to make room for a newer one';
    this.#access.settled(1);
    this.#parts.reporter.dropped(id, 'outboxFull', why);
    this.awaited.givenUp(receipt, () => new OdpOutboxFullError(undefined, why));
  }

  #wantAll(): void {
    this.#trigger.wantAll();
    this.#wake();
  }

  /** Looks what is to be done now, and sleeps until there is more. */
  #wake(): void {
    this.#detached(() => this.#look());
  }

  #look(): void {
    if (this.#opening.failure !== undefined || this.#abort.signal.aborted) {
      this.#flushes.end();
      return;
    }
    const now = this.#parts.clock.monotonic();
    this.#poll(now);
    if (this.#claiming === undefined) {
      if (this.#mayClaim(now)) this.#begin(this.#claim());
      else if (now >= this.#expiryScan.dueAt(now))
        this.#begin(this.#expiryScan.run(now));
    }
    void this.#settleFlushes();
    this.#wakeTimer.set(this.#nextWake(now), this.#flushes.any);
  }

  #capacity(now: number): number {
    const most = this.#parts.delivery.maxConcurrentRequests;
    return this.#breaker.capacity(now, this.#underWay.length, most);
  }

  #mayClaim(now: number): boolean {
    return (
      this.#trigger.isDue(now) &&
      this.#capacity(now) > 0 &&
      now >= this.#outboxRestsUntil &&
      !this.#abort.signal.aborted
    );
  }

  #begin(claiming: Promise<void>): void {
    this.#claiming = claiming.then(() => {
      this.#claiming = undefined;
      this.#wake();
    });
  }

  async #claim(): Promise<void> {
    const { outbox, clock, delivery, reporter } = this.#parts;
    // First it must be known as under way: an outbox may call `ready()` while it is asked.
    await Promise.resolve();
    try {
      while (this.#mayClaim(clock.monotonic())) {
        const leaseEnd = clock.monotonic() + this.#lease;
        const claimed = this.#trigger.claim();
        const events = await outbox.claim({
          limit: delivery.batchSize,
          lease: this.#lease,
        });
        const newest = events.at(-1);
        claimed(events.length, newest && clock.monotonic() - newest.age);
        if (events.length > 0) this.#deliver(events, leaseEnd);
      }
    } catch (error) {
      reporter.outboxFailed('claim', error);
      this.#outboxRestsUntil = clock.monotonic() + OUTBOX_RETRY_INTERVAL_MS;
      this.#trigger.wantAll();
    }
  }

  #deliver(events: readonly ClaimedEvent[], leaseEnd: number): void {
    this.#inFlight += events.length;
    const ended = () => {
      this.#inFlight -= events.length;
      this.#underWay = this.#underWay.filter((other) => other !== delivery);
      this.#wake();
    };
    // Whatever breaks, the slot is given back; the lease brings the events back.
    const delivery = this.#batches.deliver(events, leaseEnd).then(ended, ended);
    this.#underWay = [...this.#underWay, delivery];
  }

  /** Looks for what other processes that share the outbox have appended, left behind or delivered. */
  #poll(now: number): void {
    const { pollInterval } = this.#parts.outbox;
    if (pollInterval === undefined || now < this.#pollAt) return;
    this.#pollAt = now + pollInterval;
    this.#trigger.wantAll();
    const { outbox, reporter, delivery } = this.#parts;
    resolveAwaitedOutcomes(outbox, this.awaited, delivery.maxEventAge).catch(
      (error: unknown) => reporter.outboxFailed('look up events', error),
    );
  }

  async #settleFlushes(): Promise<void> {
    if (!this.#flushes.any) return;
    const now = this.#parts.clock.monotonic();
    const stuckUntil =
      this.#underWay.length > 0 ? 0 : (this.#breaker.nextRequestAt(now) ?? 0);
    // Whether or not the outbox answers.
    this.#flushes.endLate(now, stuckUntil);
    await this.#flushes.endDone((error) =>
      this.#parts.reporter.outboxFailed('count', error),
    );
    // The timeout of a flush that is done must not keep the process alive.
    if (!this.#flushes.any) this.#wake();
  }

  /** When there is something to do that no delivery's end will bring up. */
  #nextWake(now: number): number {
    const times = [
      this.#flushes.nextDeadline,
      this.#pollAt,
      this.#expiryScan.dueAt(now),
    ];
    if (!this.#trigger.isDue(now)) times.push(this.#trigger.nextAt);
    else times.push(this.#breaker.nextRequestAt(now), this.#outboxRestsUntil);
    return Math.min(
      ...times.filter((at): at is number => at !== undefined && at > now),
    );
  }
}
