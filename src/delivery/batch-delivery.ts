import type { ClaimedEvent } from '../outbox/index.js';
import type { InvalidEvent, OdpClient, Outcome } from '../odp/index.js';
import { batchesOf, bytesOf, halvesOf } from './batches.js';
import type { BatchLimit } from './batch-limit.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { Evidence } from './evidence.js';
import {
  type Refusal,
  OutcomeRecorder,
  type OutcomeRecorderParts,
} from './record-outcome.js';
import type { RequestRate } from './request-rate.js';

/** What the delivery of a batch needs. */
export interface BatchDeliveryParts extends OutcomeRecorderParts {
  readonly client: OdpClient;
  readonly breaker: CircuitBreaker;
  readonly limit: BatchLimit;
  readonly rate: RequestRate;
  /** Whether no more requests may start for now. */
  paused(): boolean;
  /** In ms. */
  readonly requestTimeout: number;
}

type Batch = readonly ClaimedEvent[];

/** What remains of one delivery. */
interface Work {
  readonly outcomes: OutcomeRecorder;
  /** Requests still to be made; the next one is the last. */
  readonly batches: Batch[];
  /** When it started. */
  readonly begun: number;
  /** When its last request was refused. */
  refused: number;
  /** How many requests in a row were refused while nothing else got through. */
  refusals: number;
}

/**
 * After this many refusals while nothing got through, the account is to blame.
 * Halving 500 events down to one takes ten, and one more for its neighbour.
 */
const MAX_REFUSALS_IN_A_ROW = 12;

/**
 * How often an event must be refused while others get through before it is to
 * blame. A status that blames the content needs one such proof; one that blames
 * the account may come from a proxy that is sometimes wrong.
 */
const EVIDENCE_NEEDED = { refused: 1, misconfigured: 5 } as const;

/** Sends claimed events to ODP and acts on its answers. */
export class BatchDelivery {
  readonly #parts: BatchDeliveryParts;
  readonly #evidence = new Evidence();

  constructor(parts: BatchDeliveryParts) {
    this.#parts = parts;
  }

  /**
   * Sends the events, in as many requests as the answers make necessary. Never
   * rejects.
   *
   * @param leaseEnd when the lease ends, on the monotonic clock
   */
  async deliver(events: Batch, leaseEnd: number): Promise<void> {
    const { breaker, clock, requestTimeout, abort, rate } = this.#parts;
    const outcomes = new OutcomeRecorder(this.#parts, leaseEnd);
    const batches = batchesOf(await outcomes.expire(events));
    const begun = this.#evidence.mark;
    const work: Work = {
      outcomes,
      batches,
      begun,
      refused: begun,
      refusals: 0,
    };
    let goOn = true;
    for (let first = true; goOn && batches.length > 0; first = false) {
      await rate.turn(abort);
      const inTime = clock.monotonic() + requestTimeout < leaseEnd;
      if (abort.aborted || this.#parts.paused()) break;
      if (!first && (!inTime || breaker.suspended)) break;
      goOn = await this.#request(batches.pop() ?? [], work);
    }
    await outcomes.release(batches.flat());
  }

  /**
   * Releases all events but one, and sends that to find out whether ODP takes
   * events again. Never rejects.
   *
   * @param turn picks the event; counting up makes each probe carry a different one
   */
  async probe(events: Batch, turn: number, leaseEnd: number): Promise<void> {
    const outcomes = new OutcomeRecorder(this.#parts, leaseEnd);
    const probe = events[turn % events.length];
    await outcomes.release(events.filter((event) => event !== probe));
    if (probe !== undefined) await this.deliver([probe], leaseEnd);
  }

  /** Key and host have changed: events that the old account refused may be accepted now. */
  credentialsChanged(): void {
    this.#evidence.acquit();
  }

  /**
   * Gives up events that are too old and releases the others. Never rejects.
   *
   * @returns how many were given up
   */
  async expire(events: Batch, leaseEnd: number): Promise<number> {
    const outcomes = new OutcomeRecorder(this.#parts, leaseEnd);
    const fresh = await outcomes.expire(events);
    await outcomes.release(fresh);
    return events.length - fresh.length;
  }

  /**
   * Makes one request and acts on its answer.
   *
   * @returns whether the other requests may go now
   */
  async #request(batch: Batch, work: Work): Promise<boolean> {
    const { client, breaker, limit, reporter, abort } = this.#parts;
    const { outcomes, batches } = work;
    const { resets } = breaker;
    const { throughs } = this.#evidence;
    const request = this.#evidence.start();
    reporter.requested();
    const outcome = await client.send(batch, abort);
    if (breaker.resets !== resets) {
      // The answer of an account that was replaced says nothing about this one.
      if (outcome.kind === 'accepted') await outcomes.acknowledge(batch);
      else await outcomes.release(batch);
      return breaker.closed;
    }
    switch (outcome.kind) {
      case 'accepted':
        this.#gotThrough(request);
        this.#evidence.delivered(batch);
        limit.gotThrough(bytesOf(batch));
        await outcomes.acknowledge(batch);
        return true;
      case 'invalid': {
        this.#gotThrough(request);
        const { refusals, good } = sift(batch, outcome.invalids);
        await outcomes.reject(refusals, outcome.status ?? 0, batch);
        // Whether ODP kept them is not documented, so they are sent again.
        if (good.length > 0) batches.push(good);
        return true;
      }
      case 'refused':
      case 'misconfigured':
        return this.#refused(batch, outcome, work);
      default:
        if (outcome.timedOut) limit.timedOut(bytesOf(batch));
        return this.#failed(batch, throughs, outcome, work);
    }
  }

  #gotThrough(request: number): void {
    this.#evidence.gotThrough(request);
    const { breaker, reporter } = this.#parts;
    const ended = breaker.succeeded();
    if (ended === 'suspension') reporter.resumed();
    else if (ended === 'outage') reporter.recovered();
  }

  /**
   * Either the content or the account is to blame, whatever the status says:
   * proxies answer as they like. What else gets through shows which.
   */
  async #refused(
    batch: Batch,
    outcome: Outcome & { readonly kind: 'refused' | 'misconfigured' },
    work: Work,
  ): Promise<boolean> {
    const { abort } = this.#parts;
    const { batches, outcomes } = work;
    if (this.#evidence.gotThroughSince(work.refused)) work.refusals = 0;
    work.refused = this.#evidence.mark;
    work.refusals++;
    const evidence = this.#evidenceAgainst(batch);
    if (evidence >= EVIDENCE_NEEDED[outcome.kind]) {
      await this.#reject(batch, outcome, outcomes);
      return true;
    }
    const othersGotThrough =
      evidence > 0 || this.#evidence.gotThroughSince(work.begun);
    const contentMayBe =
      outcome.kind === 'refused' ||
      othersGotThrough ||
      batch.some(({ failedAttempts }) => failedAttempts > 0);
    if (
      !contentMayBe ||
      work.refusals >= MAX_REFUSALS_IN_A_ROW ||
      abort.aborted
    ) {
      return this.#suspend(batch, outcome, outcomes);
    }
    if (batch.length > 1) {
      batches.push(...halvesOf(batch));
      return true;
    }
    if (batches.length > 0) {
      // It is sent again after the others, which may prove it to blame.
      batches.unshift(batch);
      return true;
    }
    if (!othersGotThrough) return this.#suspend(batch, outcome, outcomes);
    await this.#retryAlone(batch, outcome, outcomes);
    return true;
  }

  #evidenceAgainst([event, ...others]: Batch): number {
    if (event === undefined || others.length > 0) return 0;
    return this.#evidence.refused(event.id);
  }

  async #reject(
    batch: Batch,
    outcome: Outcome & { readonly kind: 'refused' | 'misconfigured' },
    outcomes: OutcomeRecorder,
  ): Promise<void> {
    for (const { id } of batch) this.#evidence.forget(id);
    const message =
      outcome.kind === 'refused'
        ? outcome.reason
        : `${outcome.problem}, again and again while other events got through`;
    const refusals = batch.map((event) => ({ event, message }));
    await outcomes.reject(refusals, outcome.status ?? 0, batch);
  }

  async #suspend(
    batch: Batch,
    { status = 0 }: Outcome,
    outcomes: OutcomeRecorder,
  ): Promise<boolean> {
    const { breaker, reporter, clock } = this.#parts;
    const { news } = breaker.suspend(clock.monotonic());
    // The breaker stops this process only; others that share the outbox may go on.
    await outcomes.retry(batch, 0);
    if (news) reporter.suspended(status);
    return false;
  }

  async #failed(
    batch: Batch,
    throughs: number,
    outcome: Outcome & { readonly kind: 'unavailable' },
    { outcomes }: Work,
  ): Promise<boolean> {
    const { breaker, reporter, clock, abort } = this.#parts;
    if (abort.aborted) {
      await outcomes.release(batch);
      return false;
    }
    const { status, problem, retryAfter } = outcome;
    const failedByItself = this.#evidence.failed(batch);
    const alone = failedByItself || this.#evidence.throughs > throughs;
    // A pause that ODP asks for applies to all requests, unless it keeps asking
    // for these events alone.
    if (alone && (failedByItself || retryAfter === undefined)) {
      // Once halved, some of them may be innocent.
      const least = batch.length === 1 ? retryAfter : 0;
      await this.#retryAlone(batch, outcome, outcomes, least);
      return true;
    }
    const now = clock.monotonic();
    const wait = breaker.failed(now, retryAfter);
    reporter.retrying(batch, status, problem, wait);
    // The breaker stops this process only; others that share the outbox may go on.
    await outcomes.retry(batch, 0);
    return false;
  }

  /** Others get through, so only these events wait. */
  async #retryAlone(
    batch: Batch,
    { status, problem }: Outcome,
    outcomes: OutcomeRecorder,
    least = 0,
  ): Promise<void> {
    const { breaker, reporter } = this.#parts;
    const wait = Math.max(breaker.waitOf(attemptsOf(batch)), least);
    reporter.retrying(batch, status, problem, wait);
    await outcomes.retry(batch, Math.min(wait, this.#untilTooOld(batch)));
  }

  /** In how many ms the oldest of them must be claimable, to be given up in time. */
  #untilTooOld(batch: Batch): number {
    const oldestAge = Math.max(...batch.map(({ age }) => age));
    return Math.max(this.#parts.maxEventAge - oldestAge, 0);
  }
}

const attemptsOf = (batch: Batch) =>
  Math.max(...batch.map(({ failedAttempts }) => failedAttempts)) + 1;

/** Separates the events that ODP names as invalid from the others. */
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
