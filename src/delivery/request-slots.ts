import type { BatchDelivery } from './batch-delivery.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { Claim } from './claim.js';
import type { RequestRate } from './request-rate.js';
import type { RunState } from './run-state.js';

/** How many of the oldest events take turns as the probe. */
const PROBE_CHOICE = 100;
/** The same if probes keep being refused: more such events may be in front than that. */
const STUCK_PROBE_CHOICE = 1000;

/**
 * Deliveries under way: at most `maxConcurrentRequests` at once, and one probe at a
 * time while the circuit breaker is open.
 */
export class RequestSlots {
  readonly #batches: BatchDelivery;
  readonly #breaker: CircuitBreaker;
  readonly #rate: RequestRate;
  readonly #run: RunState;
  readonly #maxConcurrentRequests: number;
  /** An array, since V8 keeps what was once in a long-lived Set for a long time. */
  #underWay: readonly Promise<void>[] = [];
  #inFlight = 0;
  #probing = false;

  constructor(
    batches: BatchDelivery,
    breaker: CircuitBreaker,
    rate: RequestRate,
    run: RunState,
    maxConcurrentRequests: number,
  ) {
    this.#batches = batches;
    this.#breaker = breaker;
    this.#rate = rate;
    this.#run = run;
    this.#maxConcurrentRequests = maxConcurrentRequests;
  }

  /** Events in requests under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many deliveries may start now, as far as slots decide. */
  get free(): number {
    if (!this.#breaker.closed) return this.#probing ? 0 : 1;
    // A probe may have started while all slots were busy.
    const left = this.#maxConcurrentRequests - this.#underWay.length;
    const free = Math.max(left, 0);
    // More events would be claimed only to wait for a turn.
    return this.#rate.isLimited ? Math.min(free, 1) : free;
  }

  /** When a delivery may start, on the monotonic clock; `Infinity` if the end of another one decides, or nobody knows. */
  get freeAt(): number {
    if (this.free === 0 || this.#run.isHeld) return Infinity;
    return Math.max(
      this.#breaker.nextRequestAt ?? 0,
      this.#rate.nextRequestAt ?? 0,
    );
  }

  /** Whether nothing is sent for now, so that nobody would give up old events by the way. */
  get isStopped(): boolean {
    const isSending = this.#breaker.closed && !this.#run.paused;
    return !isSending && !this.#run.isEnding;
  }

  /** When something can be sent, on the monotonic clock, for flushes that wait for it. */
  get nextRequestAt(): number {
    if (this.#underWay.length > 0) return 0;
    // No number of retries fixes a wrong key.
    if (this.#run.paused || this.#breaker.isStuck) return Infinity;
    return this.#breaker.nextRequestAt ?? 0;
  }

  /** Among how many events to choose the one of a probe; `undefined` while no probe is needed. */
  get probeChoice(): number | undefined {
    if (this.#breaker.closed) return undefined;
    return this.#breaker.isStuck ? STUCK_PROBE_CHOICE : PROBE_CHOICE;
  }

  /** Delivers a claim, or one event of it as a probe. Never rejects. */
  deliver(claim: Claim, isProbe: boolean): Promise<void> {
    const count = isProbe ? 1 : claim.events.length;
    this.#inFlight += count;
    this.#probing ||= isProbe;
    const work = isProbe
      ? this.#batches.probe(claim)
      : this.#batches.deliver(claim);
    const ended = () => {
      this.#inFlight -= count;
      this.#underWay = this.#underWay.filter((other) => other !== delivery);
      if (isProbe) this.#probing = false;
    };
    // Whatever fails, the slot is released; the events come back when their lease ends.
    const delivery = work.then(ended, ended);
    this.#underWay = [...this.#underWay, delivery];
    return delivery;
  }

  /** Resolves once what is under way now has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
