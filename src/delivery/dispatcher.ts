// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';
import type { Clock } from '../clock.js';
import type { OdpClient } from '../odp/index.js';
import type { ClaimedEvent } from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import type { AwaitedEvents } from './awaited.js';
import { resolveAwaitedOutcomes } from './awaited-outcomes.js';
import { backoff } from './backoff.js';
import { BatchDelivery } from './batch-delivery.js';
import { BatchLimit } from './batch-limit.js';
import { BatchTrigger } from './batch-trigger.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { ResolvedDelivery } from './delivery-options.js';
import { ExpiryScan } from './expiry-scan.js';
import type { Flushes } from './flushes.js';
import type { OutboxAccess } from './outbox-access.js';
import { RequestRate } from './request-rate.js';
import { WakeTimer } from './wake-timer.js';

/** What a dispatcher needs. */
export interface DispatcherParts {
  readonly access: OutboxAccess;
  readonly client: OdpClient;
  readonly reporter: Reporter;
  readonly awaited: AwaitedEvents;
  readonly flushes: Flushes;
  readonly clock: Clock;
  /** From 0 up to 1, for jitter. */
  random(): number;
  readonly delivery: ResolvedDelivery;
  /** Aborted when the app has ended: nothing more is sent. */
  readonly abort: AbortSignal;
  /** Runs something in no request's async context. */
  detached(run: () => void): void;
}

/** The shortest lease, in ms: longer than any pause of a healthy process. */
const MIN_LEASE_MS = 60_000;
/** How many of the oldest events take turns as the probe. */
const PROBE_CHOICE = 100;
/** The same if probes keep being refused: more such events may be in front than that. */
const STUCK_PROBE_CHOICE = 1000;
const PROBE_CHOICE_BYTES = 16 * 1024 * 1024;
/** Delay before a failed claim is retried, in ms. */
const OUTBOX_RETRY_INTERVAL_MS = 1000;
/** The longest backoff while the app is ending, in ms. */
const MAX_SHUTDOWN_BACKOFF_MS = 250;
/**
 * Schedules requests: claims batches from the outbox, as many at once as breaker,
 * rate and concurrency allow, and sleeps until the next is due.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #lease: number;
  readonly #trigger: BatchTrigger;
  readonly #breaker: CircuitBreaker;
  readonly #limit: BatchLimit;
  readonly #rate: RequestRate;
  readonly #batches: BatchDelivery;
  readonly #expiryScan: ExpiryScan;
  readonly #wakeTimer: WakeTimer;
  /** An array, since V8 keeps what was once in a long-lived Set for a long time. */
  #underWay: readonly Promise<void>[] = [];
  #inFlight = 0;
  #claiming: Promise<void> | undefined;
  #outboxRestsUntil = 0;
  #pollAt = Infinity;
  #probes = 0;
  #probing = false;
  #paused = false;
  #claimsFor: 'everybody' | 'callers' | 'nobody' = 'everybody';

  constructor(parts: DispatcherParts) {
    const { access, client, clock, delivery, random, reporter } = parts;
    this.#parts = parts;
    this.#lease = Math.max(MIN_LEASE_MS, 3 * delivery.requestTimeout);
    this.#wakeTimer = new WakeTimer(clock, () => this.wake());
    this.#trigger = new BatchTrigger(delivery);
    this.#limit = new BatchLimit(delivery.maxBatchBytes);
    this.#rate = new RequestRate(clock, delivery.maxRequestsPerSecond);
    this.#breaker = new CircuitBreaker(
      { backoff: (failures) => backoff(delivery.retry, failures, random) },
      client.connected,
    );
    this.#batches = new BatchDelivery({
      ...parts,
      ...delivery,
      breaker: this.#breaker,
      limit: this.#limit,
      rate: this.#rate,
      trigger: this.#trigger,
      paused: () => this.#isHeld,
    });
    this.#expiryScan = new ExpiryScan(
      access,
      this.#batches,
      reporter,
      delivery,
      this.#lease,
    );
  }

  /** Whether delivery is suspended, as the account is misconfigured. */
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
    this.wake();
  }

  resume(): void {
    this.#paused = false;
    this.wantAll();
  }

  /** Key and host have changed, or are gone: delivery starts over with the new ones, or waits. */
  credentialsChanged(): void {
    this.#breaker.reset(this.#parts.client.connected);
    this.#batches.credentialsChanged();
    this.wantAll();
  }

  /** The outbox is open. An earlier run may have left events behind. */
  opened(): void {
    const { access, clock } = this.#parts;
    this.#pollAt = clock.monotonic() + (access.outbox.pollInterval ?? Infinity);
    this.wantAll();
  }

  /**
   * Events have come in, the first of them at `since` on the monotonic clock: if
   * there was no capacity, it has waited since then.
   *
   * @param atOnce whether not to wait for the batch to fill
   */
  arrived(count: number, since: number, atOnce = false): void {
    if (atOnce) this.#trigger.wantAll(this.#parts.clock.monotonic());
    const changed = this.#trigger.appended(count, since);
    // Later, so that it delays neither the caller whose event filled the batch
    // nor the rest of a long list.
    if (changed || atOnce) {
      setImmediate(() => this.wake());
    }
  }

  /** Sends everything there is now, full batches or not. */
  wantAll(): void {
    this.#trigger.wantAll(this.#parts.clock.monotonic());
    this.wake();
  }

  /** Does what is due now, outside of any request's async context. */
  wake(): void {
    this.#parts.detached(() => this.#look());
  }

  /** Does what is due now, and sleeps until there is more. */
  #look(): void {
    if (!this.#parts.access.isOpen || this.#parts.abort.aborted) {
      this.#parts.flushes.end();
      return;
    }
    const now = this.#parts.clock.monotonic();
    this.#poll(now);
    void this.#endFlushes();
    if (this.#claiming === undefined) {
      if (this.#mayClaim(now)) this.#begin(this.#claim());
      else if (now >= this.#expiryDueAt(now)) {
        this.#begin(this.#expiryScan.run(now));
      }
    }
    this.#wakeTimer.set(this.#nextWake(now));
  }

  /** Whether no requests are started for now. */
  get #isHeld(): boolean {
    if (this.#paused || this.#claimsFor === 'everybody') return this.#paused;
    const { awaited, flushes } = this.#parts;
    return this.#claimsFor === 'nobody' || !(awaited.any || flushes.any);
  }

  /** While events are sent, old ones are given up by the way. */
  #expiryDueAt(now: number): number {
    const isSending = this.#breaker.closed && !this.#paused;
    return isSending || this.#claimsFor !== 'everybody'
      ? Infinity
      : this.#expiryScan.dueAt(now);
  }

  #mayClaim(now: number): boolean {
    return (
      !this.#isHeld &&
      this.#trigger.isDue(now) &&
      this.#hasCapacity(now) &&
      this.#rate.nextAt(now) === undefined &&
      now >= this.#outboxRestsUntil &&
      !this.#parts.abort.aborted
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
      this.wake();
    });
  }

  async #claim(): Promise<void> {
    const { access, clock, delivery } = this.#parts;
    // Register it first: an outbox may call `ready()` from within `claim`.
    await Promise.resolve();
    try {
      for (
        let now = clock.monotonic();
        this.#mayClaim(now);
        now = clock.monotonic()
      ) {
        const { minAge, end } = this.#trigger.claim(now);
        const probing = !this.#breaker.closed;
        const events = await access.outbox.claim({
          limit: probing ? this.#probeChoice : delivery.batchSize,
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
      access.failed('claim', error);
      this.#outboxRestsUntil = clock.monotonic() + OUTBOX_RETRY_INTERVAL_MS;
      this.#trigger.wantAll(this.#outboxRestsUntil);
    }
  }

  get #probeChoice(): number {
    return this.#breaker.isStuck ? STUCK_PROBE_CHOICE : PROBE_CHOICE;
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
        // The other events waited for the probe's outcome.
        this.#trigger.wantAll(this.#parts.clock.monotonic());
      }
      this.wake();
    };
    // Whatever fails, the slot is released; the events come back when their lease ends.
    const delivery = work.then(ended, ended);
    this.#underWay = [...this.#underWay, delivery];
  }

  /** Looks for events that other processes sharing the outbox have appended, left behind or delivered. */
  #poll(now: number): void {
    const { outbox } = this.#parts.access;
    if (outbox.pollInterval === undefined || now < this.#pollAt) return;
    this.#pollAt = now + outbox.pollInterval;
    this.#trigger.wantOld();
    void this.#lookUpAwaited();
  }

  /** Returns whether it is known what other processes did with awaited events until now. */
  async #lookUpAwaited(): Promise<boolean> {
    const { access, awaited, delivery } = this.#parts;
    try {
      await resolveAwaitedOutcomes(
        access.outbox,
        awaited,
        delivery.maxEventAge,
      );
      return true;
    } catch (error) {
      access.failed('look up events', error);
      return false;
    }
  }

  /** Awaited events were erased, unless another process had delivered or given them up before. */
  async erased(receipts: readonly string[]): Promise<void> {
    const { access, awaited } = this.#parts;
    const isShared = access.outbox.pollInterval !== undefined;
    if (isShared && !(await this.#lookUpAwaited())) return;
    for (const receipt of receipts) awaited.erased(receipt);
  }

  async #endFlushes(): Promise<void> {
    if (!this.#parts.flushes.any) return;
    const now = this.#parts.clock.monotonic();
    // Even if the outbox does not answer.
    this.#parts.flushes.endLate(now, this.#nothingGoesBefore(now));
    await this.#parts.flushes.endDone((error) =>
      this.#parts.access.failed('count', error),
    );
  }

  #nothingGoesBefore(now: number): number {
    if (this.#underWay.length > 0) return 0;
    // No number of retries fixes a wrong key.
    if (this.#paused || this.#breaker.isStuck) return Infinity;
    return this.#breaker.nextRequestAt(now) ?? 0;
  }

  /**
   * The app is ending: backoff is short, and batches are only claimed for callers
   * that flush or await delivery. What is under way goes on.
   */
  hurry(): void {
    const now = this.#parts.clock.monotonic();
    this.#breaker.limitBackoff(now, MAX_SHUTDOWN_BACKOFF_MS);
    this.#claimsFor = 'callers';
  }

  /** Claims nothing more. */
  end(): void {
    this.#claimsFor = 'nobody';
  }

  /** Resolves once what is under way now has ended. */
  async idle(): Promise<void> {
    await this.#claiming;
    await Promise.all(this.#underWay);
  }

  /** Call after aborting. Resolves once nothing is under way. */
  async stopped(): Promise<void> {
    this.#wakeTimer.off();
    await this.idle();
  }

  /** When to wake, unless the end of a delivery does so before. */
  #nextWake(now: number): number {
    const times: (number | undefined)[] = [
      this.#pollAt,
      this.#expiryDueAt(now),
    ];
    if (!this.#trigger.isDue(now)) times.push(this.#trigger.nextAt);
    else if (!this.#isHeld) {
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
