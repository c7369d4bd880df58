import type { ClaimedEvent } from '../outbox/index.js';
import type { InvalidEvent } from '../odp/index.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { OdpClient, Outcome } from '../odp/index.js';
import {
  type Refusal,
  OutcomeRecorder,
  type OutcomeRecorderParts,
} from './record-outcome.js';
import { Suspects } from './suspects.js';

/** What one batch's delivery works with. */
export interface BatchDeliveryParts extends OutcomeRecorderParts {
  readonly client: OdpClient;
  readonly breaker: CircuitBreaker;
  /** In ms. */
  readonly requestTimeout: number;
  /** In ms. */
  readonly probeInterval: number;
  /** How many events wait, as far as is known. */
  pending(): number;
}

type Batch = readonly ClaimedEvent[];

/** What one delivery has still to do. */
interface Work {
  readonly outcomes: OutcomeRecorder;
  /** The next one is the last. */
  readonly batches: Batch[];
  /** How many requests had got through at the last refusal. */
  successes: number;
  /** Since then. */
  refusals: number;
}

/** After so many refusals with nothing that got through, the account is taken to be at fault. */
const MAX_REFUSALS_IN_A_ROW = 20;
/** An answer that blames the account, this often while others got through, was the event's fault. */
const MISCONFIGURED_EVIDENCE = 3;
/** How many other events are probed at most before one is probed again. */
const MAX_PROBE_TURNS = 8;

/** Brings claimed events to ODP and does what its answers ask for. */
export class BatchDelivery {
  readonly #parts: BatchDeliveryParts;
  readonly #suspects = new Suspects();

  constructor(parts: BatchDeliveryParts) {
    this.#parts = parts;
  }

  /**
   * Sends the events in as many requests as the answers make necessary. Never
   * rejects.
   *
   * @param leaseEnd until when the events are lent, on the monotonic clock
   */
  async deliver(events: Batch, leaseEnd: number): Promise<void> {
    const { breaker, clock, requestTimeout, abort } = this.#parts;
    const outcomes = new OutcomeRecorder(this.#parts, leaseEnd);
    const fresh = await outcomes.expire(events);
    const work: Work = {
      outcomes,
      batches: batchesOf(fresh),
      successes: breaker.stamp(),
      refusals: 0,
    };
    const { batches } = work;
    let first = true;
    for (
      let batch = batches.pop();
      batch !== undefined;
      batch = batches.pop()
    ) {
      const goOn =
        clock.monotonic() + requestTimeout < leaseEnd && !breaker.suspended;
      if (abort.aborted || !(first || goOn)) {
        await outcomes.release([batch, ...batches].flat());
        return;
      }
      first = false;
      if (!(await this.#request(batch, work))) {
        await outcomes.release(batches.flat());
        return;
      }
    }
  }

  /**
   * Gives up the events that are too old and gives back the others. Never rejects.
   *
   * @returns how many it gave up
   */
  async expire(events: Batch, leaseEnd: number): Promise<number> {
    const outcomes = new OutcomeRecorder(this.#parts, leaseEnd);
    const fresh = await outcomes.expire(events);
    await outcomes.release(fresh);
    return events.length - fresh.length;
  }

  /**
   * Makes one request and does what its answer asks for.
   *
   * @returns whether the other batches may go now
   */
  async #request(batch: Batch, work: Work): Promise<boolean> {
    const { client, breaker, reporter, abort } = this.#parts;
    const { outcomes, batches } = work;
    const stamp = breaker.stamp();
    reporter.requested();
    const outcome = await client.send(batch, abort);
    const { status = 0 } = outcome;
    switch (outcome.kind) {
      case 'accepted':
        this.#gotThrough();
        this.#suspects.forget(batch);
        await outcomes.acknowledge(batch);
        return true;
      case 'invalid': {
        this.#gotThrough();
        const { refusals, good } = sift(batch, outcome.invalids);
        await outcomes.reject(refusals, status);
        // Nobody documents whether ODP kept them, so they go again.
        if (good.length > 0) batches.push(good);
        return true;
      }
      case 'refused':
        return this.#refused(batch, status, outcome.reason, work);
      case 'misconfigured':
        if (this.#evidenceAgainst(batch) >= MISCONFIGURED_EVIDENCE) {
          await this.#reject(batch, status, '', outcomes);
          return true;
        }
        await this.#suspend(batch, status, outcomes);
        return false;
      default:
        await this.#backOff(
          batch,
          stamp,
          outcome,
          outcome.retryAfter,
          outcomes,
        );
        // It may be this batch alone that fails.
        return breaker.closed;
    }
  }

  /**
   * The content is blamed, by ODP or by a proxy that answers so to everything:
   * only if something else gets through is it the content.
   */
  async #refused(
    batch: Batch,
    status: number,
    reason: string,
    work: Work,
  ): Promise<boolean> {
    const { batches, outcomes } = work;
    const successes = this.#parts.breaker.stamp();
    if (successes !== work.successes) work.refusals = 0;
    work.successes = successes;
    work.refusals++;
    if (this.#evidenceAgainst(batch) > 0) {
      await this.#reject(batch, status, reason, outcomes);
      return true;
    }
    const last = batch.length === 1 && batches.length === 0;
    if (last || work.refusals >= MAX_REFUSALS_IN_A_ROW) {
      await this.#suspend(batch, status, outcomes);
      return false;
    }
    // A suspect goes again after the others, which may prove it guilty.
    if (batch.length === 1) batches.unshift(batch);
    else batches.push(...halvesOf(batch));
    return true;
  }

  #evidenceAgainst([event, ...others]: Batch): number {
    if (event === undefined || others.length > 0) return 0;
    return this.#suspects.refused(event.id, this.#parts.breaker.stamp());
  }

  async #reject(
    batch: Batch,
    status: number,
    message: string,
    outcomes: OutcomeRecorder,
  ): Promise<void> {
    this.#suspects.forget(batch);
    const refusals = batch.map((event) => ({ event, message }));
    await outcomes.reject(refusals, status);
  }

  #gotThrough(): void {
    const { breaker, reporter } = this.#parts;
    const ended = breaker.succeeded();
    if (ended === 'suspension') reporter.resumed();
    else if (ended === 'outage') reporter.recovered();
  }

  async #suspend(
    batch: Batch,
    status: number,
    outcomes: OutcomeRecorder,
  ): Promise<void> {
    const { breaker, reporter, clock, probeInterval, pending } = this.#parts;
    const news = breaker.suspend(clock.monotonic());
    // An event that was probed waits until others have been: it may be the one
    // that is refused, whatever the account's state.
    const turns = Math.min(pending(), MAX_PROBE_TURNS);
    const delay = batch.length === 1 ? turns * probeInterval + 1 : 0;
    await outcomes.retry(batch, Math.min(delay, this.#untilTooOld(batch)));
    if (news) reporter.suspended(status, probeInterval);
  }

  async #backOff(
    batch: Batch,
    stamp: number,
    { status, problem }: Outcome,
    retryAfter: number | undefined,
    outcomes: OutcomeRecorder,
  ): Promise<void> {
    const { breaker, reporter, clock, abort } = this.#parts;
    if (abort.aborted) {
      await outcomes.release(batch);
      return;
    }
    const now = clock.monotonic();
    const failedAttempts = Math.max(
      ...batch.map((event) => event.failedAttempts),
    );
    const delay = breaker.failed(stamp, now, failedAttempts, retryAfter);
    reporter.retrying(batch, status, problem, delay);
    // One ms longer than the breaker stays open: where others wait, they go first, so that a
    // batch which fails by itself never keeps them from being tried. But never
    // beyond its age: it must be there to be given up.
    await outcomes.retry(batch, Math.min(delay + 1, this.#untilTooOld(batch)));
  }

  /** In how many ms the oldest of them must be there to be given up. */
  #untilTooOld(batch: Batch): number {
    const oldestAge = Math.max(...batch.map(({ age }) => age));
    return Math.max(this.#parts.maxEventAge - oldestAge, 0);
  }
}

/**
 * Events that have failed k times go in requests of the 2^k-th part of them:
 * what keeps failing while others get through ends up alone.
 */
function batchesOf(events: Batch): Batch[] {
  const byFailures = new Map<number, ClaimedEvent[]>();
  for (const event of events) {
    const group = byFailures.get(event.failedAttempts);
    if (group === undefined) byFailures.set(event.failedAttempts, [event]);
    else group.push(event);
  }
  const batches: Batch[] = [];
  for (const [failures, group] of byFailures) {
    const size = Math.ceil(group.length / 2 ** failures);
    for (let start = 0; start < group.length; start += size) {
      batches.push(group.slice(start, start + size));
    }
  }
  // They are taken from the end.
  return batches.toReversed();
}

/** Parts the events that ODP names as invalid from the others. */
function sift(
  batch: Batch,
  invalids: readonly InvalidEvent[],
): { refusals: Refusal[]; good: ClaimedEvent[] } {
  const messages = new Map(
    invalids.map(({ index, message }) => [index, message]),
  );
  const refusals: Refusal[] = [];
  const good: ClaimedEvent[] = [];
  for (const [index, event] of batch.entries()) {
    const message = messages.get(index);
    if (message === undefined) good.push(event);
    else refusals.push({ event, message });
  }
  return { refusals, good };
}

function halvesOf(batch: Batch): Batch[] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(middle), batch.slice(0, middle)];
}
