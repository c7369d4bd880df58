import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';
import { type Clock, within } from '../clock.js';
import { OdpOutboxFullError } from '../errors/index.js';
import type { OdpClient } from '../odp/index.js';
import type {
  AppendOptions,
  ClaimedEvent,
  DeadLetterRetention,
  ErasedEvents,
  OdpOutbox,
  OutboxCounts,
  OutboxEvent,
} from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import { AwaitedEvents } from './awaited.js';
import { resolveAwaitedOutcomes } from './awaited-outcomes.js';
import { backoff } from './backoff.js';
import { BatchDelivery } from './batch-delivery.js';
import { BatchLimit } from './batch-limit.js';
import { BatchTrigger } from './batch-trigger.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { ResolvedDelivery } from './delivery-options.js';
import { ExpiryScan } from './expiry-scan.js';
import { Flushes } from './flushes.js';
import { OutboxAccess } from './outbox-access.js';
import { RequestRate } from './request-rate.js';
import { WakeTimer } from './wake-timer.js';

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

/** The least time that a claim holds, in ms: longer than any pause of a healthy process. */
const MIN_LEASE_MS = 60_000;
/** So many of the oldest events take turns in probing whether ODP takes events again. */
const PROBE_CHOICE = 100;
const PROBE_CHOICE_BYTES = 16 * 1024 * 1024;
/** How soon an outbox that failed to claim is asked again, in ms. */
const OUTBOX_RETRY_INTERVAL_MS = 1000;
/** The longest backoff of an app that is ending, in ms. */
const MAX_SHUTDOWN_BACKOFF_MS = 250;
/** How long an app that is ending waits, after its last flush, for what is under way to stop, in ms. */
const SHUTDOWN_GRACE_MS = 1000;

/**
 * Decides when events go to ODP: claims them from the outbox in batches, as many
 * at once as may be, and waits when waiting is due.
 */
export class Dispatcher {
  readonly awaited = new AwaitedEvents();
  readonly #parts: DispatcherParts;
  readonly #lease: number;
  readonly #trigger: BatchTrigger;
  readonly #breaker: CircuitBreaker;
  readonly #limit: BatchLimit;
  readonly #rate: RequestRate;
  readonly #access: OutboxAccess;
  readonly #flushes = new Flushes();
  readonly #batches: BatchDelivery;
  readonly #expiryScan: ExpiryScan;
  readonly #wakeTimer: WakeTimer;
  readonly #abort = new AbortController();
  /** Events of many requests go together: delivery runs in the async context of none. */
  readonly #detached = AsyncLocalStorage.snapshot();
  /** A list, since what was once in a long-lived Set stays with the collector for long. */
  #underWay: readonly Promise<void>[] = [];
  #inFlight = 0;
  #claiming: Promise<void> | undefined;
  #outboxRestsUntil = 0;
  #pollAt = Infinity;
  #probes = 0;
  #probing = false;
  #paused = false;

  constructor(parts: DispatcherParts) {
    const { client, reporter, clock, delivery, random } = parts;
    this.#parts = parts;
    // Each request under way listens to it.
    setMaxListeners(0, this.#abort.signal);
    this.#lease = Math.max(MIN_LEASE_MS, 3 * delivery.requestTimeout);
    this.#wakeTimer = new WakeTimer(clock, () => this.#wake());
    this.#trigger = new BatchTrigger(delivery);
    this.#limit = new BatchLimit(delivery.maxBatchBytes);
    this.#rate = new RequestRate(clock, delivery.maxRequestsPerSecond);
    this.#breaker = new CircuitBreaker(
      { backoff: (failures) => backoff(delivery.retry, failures, random) },
      client.connected,
    );
    this.#access = new OutboxAccess({
      outbox: parts.outbox,
      context: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        deadLetterRetention: parts.deadLetters,
        deadLettersRemoved: (count) => reporter.deadLettersRemoved(count),
        warn: (message) => reporter.outboxWarned(message),
        dropped: (event) => this.#dropped(event),
        ready: () => this.#wantAll(),
        arrived: (count) => this.#arrived(count, clock.monotonic()),
      },
      clock,
      reporter,
      abort: this.#abort.signal,
      opened: () => this.#opened(),
      appended: (events, since) => this.#appended(events, since),
    });
    const { outbox } = this.#access;
    this.#batches = new BatchDelivery({
      client,
      outbox,
      breaker: this.#breaker,
      limit: this.#limit,
      rate: this.#rate,
      reporter,
      awaited: this.awaited,
      clock,
      requestTimeout: delivery.requestTimeout,
      maxEventAge: delivery.maxEventAge,
      abort: this.#abort.signal,
      forgotten: (count) => this.#access.forgotten(count),
      deadLettered: (count) => this.#access.deadLettered(count),
      released: (delay) => this.#trigger.released(clock.monotonic() + delay),
    });
    this.#expiryScan = new ExpiryScan({
      outbox,
      access: this.#access,
      batches: this.#batches,
      reporter,
      maxEventAge: delivery.maxEventAge,
      batchSize: delivery.batchSize,
      lease: this.#lease,
      sending: () => this.#breaker.closed && !this.#paused,
    });
  }

  /** The outbox, whose answers take five seconds at most. */
  get outbox(): OdpOutbox {
    return this.#access.outbox;
  }

  /** Whether the account is misconfigured and delivery waits. */
  get suspended(): boolean {
    return this.#breaker.suspended;
  }

  /** Whether delivery was stopped by {@link pause}. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Events in requests under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Starts no more requests until {@link resume}. Events are accepted meanwhile. */
  pause(): void {
    this.#paused = true;
    this.#wake();
  }

  resume(): void {
    this.#paused = false;
    this.#wantAll();
  }

  /** Key and host have changed, or gone: delivery begins anew with them, or waits. */
  credentialsChanged(): void {
    this.#breaker.reset(this.#parts.client.connected);
    this.#batches.credentialsChanged();
    this.#wantAll();
  }

  /** What the outbox holds, as far as is known without waiting. */
  counts(): OutboxCounts {
    return this.#access.counts();
  }

  /** See {@link OutboxAccess.probe}. */
  probe(): Promise<OutboxCounts> {
    return this.#access.probe();
  }

  /** See {@link OutboxAccess.erase}. */
  async erase(
    identifiers: Readonly<Record<string, string>>,
  ): Promise<ErasedEvents> {
    const erased = await this.#access.erase(identifiers);
    // A flush may have waited for them.
    this.#wake();
    return erased;
  }

  /** Opens the outbox and starts to deliver. A failure is told and tried again; it never rejects. */
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

  /**
   * Sends everything accepted before the call, without waiting for batches to
   * fill. Resolves when it is delivered or given up, when `timeout` ms are over,
   * or as soon as nothing can be sent before they are.
   */
  async flush(timeout: number): Promise<{ pending: number }> {
    const { clock } = this.#parts;
    const deadline = clock.monotonic() + timeout;
    const late = () => this.counts().pending;
    const flush = this.#flush(deadline);
    return { pending: await within(clock, timeout, flush, late, true) };
  }

  /** The app ends: from here on, backoff is short. */
  hurry(): void {
    const now = this.#parts.clock.monotonic();
    this.#breaker.limitBackoff(now, MAX_SHUTDOWN_BACKOFF_MS);
  }

  /**
   * Ends: one last flush of at most `timeout` ms, then whatever is under way is
   * broken off and its events are given back. Ends a second later at most,
   * whatever hangs. Never rejects.
   *
   * @returns how many events stay behind; `undefined` if the outbox did not say
   */
  async close(timeout: number): Promise<number | undefined> {
    const { clock } = this.#parts;
    const end = clock.monotonic() + timeout + SHUTDOWN_GRACE_MS;
    this.hurry();
    await this.flush(timeout);
    this.#abort.abort();
    this.#wakeTimer.off();
    let left: number | undefined;
    const ended = async () => {
      await this.#claiming;
      await Promise.all(this.#underWay);
      left = await this.#left();
      await this.#access.close();
    };
    await within(clock, end - clock.monotonic(), ended(), () => {}, true);
    this.awaited.close();
    return left;
  }

  async #left(): Promise<number | undefined> {
    try {
      return (await this.#access.probe()).pending;
    } catch {
      return undefined;
    }
  }

  async #flush(deadline: number): Promise<number> {
    await this.#access.opened();
    if (!this.#access.isOpen) return this.counts().pending;
    this.#wantAll();
    const checkpoint = await this.#access.checkpoint();
    try {
      const ended = this.#flushes.wait(checkpoint, deadline);
      this.#wake();
      await ended;
      return await checkpoint.pending();
    } catch (error) {
      this.#parts.reporter.outboxFailed('count', error);
      return this.counts().pending;
    } finally {
      checkpoint.close();
    }
  }

  #opened(): void {
    const { pollInterval = Infinity } = this.#access.outbox;
    this.#pollAt = this.#parts.clock.monotonic() + pollInterval;
    // An earlier run may have left events behind.
    this.#wantAll();
  }

  #appended(events: readonly OutboxEvent[], since: number): void {
    // Whoever awaits delivery does not wait for a batch to fill.
    if (events[0]?.receipt !== undefined) {
      this.#trigger.wantAll(this.#parts.clock.monotonic());
    }
    // If there was no capacity it has waited since then.
    this.#arrived(events.length, since);
  }

  #arrived(count: number, since: number): void {
    const changed = this.#trigger.appended(count, since);
    // Neither at the expense of the caller whose event filled the batch, nor in
    // one go with taking in a long list.
    if (changed || this.#trigger.isDue(since)) {
      setImmediate(() => this.#wake());
    }
  }

  #dropped({ id, receipt }: OutboxEvent): void {
    const why = 'An event was given up to make room for a newer one';
    this.#access.forgotten(1);
    this.#parts.reporter.dropped(id, 'outboxFull', why);
    this.awaited.givenUp(receipt, () => new OdpOutboxFullError(undefined, why));
  }

  #wantAll(): void {
    this.#trigger.wantAll(this.#parts.clock.monotonic());
    this.#wake();
  }

  #wake(): void {
    this.#detached(() => this.#look());
  }

  /** Looks what is to be done now, and sleeps until there is more. */
  #look(): void {
    if (!this.#access.isOpen || this.#abort.signal.aborted) {
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
    void this.#endFlushes();
    this.#wakeTimer.set(this.#nextWake(now));
  }

  #mayClaim(now: number): boolean {
    return (
      !this.#paused &&
      this.#trigger.isDue(now) &&
      this.#hasCapacity(now) &&
      this.#rate.nextAt(now) === undefined &&
      now >= this.#outboxRestsUntil &&
      !this.#abort.signal.aborted
    );
  }

  #hasCapacity(now: number): boolean {
    if (this.#breaker.nextRequestAt(now) !== undefined) return false;
    return this.#breaker.closed
      ? this.#underWay.length < this.#parts.delivery.maxConcurrentRequests
      : !this.#probing;
  }

  #begin(claiming: Promise<void>): void {
    this.#claiming = claiming.then(() => {
      this.#claiming = undefined;
      this.#wake();
    });
  }

  async #claim(): Promise<void> {
    const { clock, delivery, reporter } = this.#parts;
    // First it must be known as under way: an outbox may call `ready()` while it is asked.
    await Promise.resolve();
    try {
      for (
        let now = clock.monotonic();
        this.#mayClaim(now);
        now = clock.monotonic()
      ) {
        const { minAge, end } = this.#trigger.claim(now);
        const probing = !this.#breaker.closed;
        const events = await this.#access.outbox.claim({
          limit: probing ? PROBE_CHOICE : delivery.batchSize,
          maxBytes: probing ? PROBE_CHOICE_BYTES : this.#limit.bytes,
          lease: this.#lease,
          minAge,
        });
        const newest = events.at(-1);
        end(events.length, newest && clock.monotonic() - newest.age);
        if (events.length > 0) {
          this.#deliver(events, now + this.#lease, probing);
        }
      }
    } catch (error) {
      reporter.outboxFailed('claim', error);
      this.#outboxRestsUntil = clock.monotonic() + OUTBOX_RETRY_INTERVAL_MS;
      this.#trigger.wantAll(this.#outboxRestsUntil);
    }
  }

  #deliver(
    events: readonly ClaimedEvent[],
    leaseEnd: number,
    probing: boolean,
  ): void {
    const count = probing ? 1 : events.length;
    this.#inFlight += count;
    this.#probing ||= probing;
    const work = probing
      ? this.#batches.probe(events, this.#probes++, leaseEnd)
      : this.#batches.deliver(events, leaseEnd);
    const ended = () => {
      this.#inFlight -= count;
      this.#underWay = this.#underWay.filter((other) => other !== delivery);
      if (probing) {
        this.#probing = false;
        // What was not probed waited for what the probe brings.
        this.#trigger.wantAll(this.#parts.clock.monotonic());
      }
      this.#wake();
    };
    // Whatever breaks, the slot is given back; the lease brings the events back.
    const delivery = work.then(ended, ended);
    this.#underWay = [...this.#underWay, delivery];
  }

  /** Looks for what other processes that share the outbox have appended, left behind or delivered. */
  #poll(now: number): void {
    const { outbox } = this.#access;
    if (outbox.pollInterval === undefined || now < this.#pollAt) return;
    this.#pollAt = now + outbox.pollInterval;
    this.#trigger.wantOld();
    const { reporter, delivery } = this.#parts;
    resolveAwaitedOutcomes(outbox, this.awaited, delivery.maxEventAge).catch(
      (error: unknown) => reporter.outboxFailed('look up events', error),
    );
  }

  async #endFlushes(): Promise<void> {
    if (!this.#flushes.any) return;
    const now = this.#parts.clock.monotonic();
    // Whether or not the outbox answers.
    this.#flushes.endLate(now, this.#nothingGoesBefore(now));
    await this.#flushes.endDone((error) =>
      this.#parts.reporter.outboxFailed('count', error),
    );
  }

  #nothingGoesBefore(now: number): number {
    if (this.#underWay.length > 0) return 0;
    // A wrong key does not mend itself, however often it is tried.
    if (this.#paused || this.#breaker.isStuck) return Infinity;
    return this.#breaker.nextRequestAt(now) ?? 0;
  }

  /** When there is something to do that no delivery's end will bring up. */
  #nextWake(now: number): number {
    const times = [
      this.#flushes.nextDeadline,
      this.#pollAt,
      this.#expiryScan.dueAt(now),
    ];
    if (!this.#trigger.isDue(now)) times.push(this.#trigger.nextAt);
    else if (!this.#paused) {
      times.push(
        this.#breaker.nextRequestAt(now),
        this.#rate.nextAt(now),
        this.#outboxRestsUntil,
      );
    }
    return Math.min(
      ...times.filter((at): at is number => at !== undefined && at > now),
    );
  }
}
