import type { ClaimedEvent } from '../outbox/index.js';
import type { OdpClient, Outcome } from '../odp/index.js';
import {
  attemptsOf,
  batchesOf,
  bytesOf,
  halvesOf,
  sift,
  turnOf,
} from './batches.js';
import type { BatchLimit } from './batch-limit.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { Evidence } from './evidence.js';
import {
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

type NamesInvalid = Outcome & { readonly kind: 'invalid' };
type Refused = Outcome & { readonly kind: 'refused' | 'misconfigured' };

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
 * How often an event must be refused, alone in its request and with others getting
 * through since the last time, before it is to blame. If ODP itself blames the
 * content, once is enough. Anything else may refuse at random: a proxy that
 * refuses half of all requests would have to refuse this one 21 times in a row,
 * which happens to one event in 2,000,000. If it refuses more, then other events
 * that it had refused get through meanwhile, and the count starts over: see
 * Evidence.delivered.
 */
const EVIDENCE_NEEDED = { odp: 1, other: 20 } as const;

/** How long events that are to blame for their refusals stay out of the way of probes, in ms. */
const SET_ASIDE_MS = 5 * 60_000;

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
   * events again. Events that are to blame themselves would not show it: they are
   * set aside, so that the next claim reaches what waits behind them. Never rejects.
   *
   * @param turn picks the event; counting up makes each probe carry a different one
   */
  async probe(events: Batch, turn: number, leaseEnd: number): Promise<void> {
    const outcomes = new OutcomeRecorder(this.#parts, leaseEnd);
    const suspects = events.filter((event) => this.#evidence.suspects(event));
    const others = events.filter((event) => !suspects.includes(event));
    // One of them takes every second turn: it may be innocent, and the others to blame.
    const [suspect, ...crowd] = suspects;
    const half = suspect === undefined ? turn : Math.floor(turn / 2);
    const probe =
      others.length === 0 || (suspect !== undefined && turn % 2 === 1)
        ? suspect
        : turnOf(others, half);
    const waiting = suspect === undefined ? others : [...others, suspect];
    await outcomes.release(waiting.filter((event) => event !== probe));
    const aside = Math.min(SET_ASIDE_MS, this.#untilTooOld(events));
    await outcomes.release(crowd, aside);
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
        this.#answered();
        this.#evidence.gotThrough(request);
        this.#evidence.delivered(batch);
        limit.gotThrough(bytesOf(batch));
        await outcomes.acknowledge(batch);
        return true;
      case 'invalid': {
        const { refusals, good } = sift(batch, outcome.invalids);
        const each = batch.length > 1 && good.length === 0;
        if (!this.#evidence.verdict(each)) {
          return this.#suspend(batch, outcome, outcomes);
        }
        this.#answered();
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

  /** ODP takes requests. */
  #answered(): void {
    const { breaker, reporter } = this.#parts;
    const ended = breaker.succeeded();
    if (ended === 'suspension') reporter.resumed();
    else if (ended === 'outage') reporter.recovered();
  }

  /**
   * Either the content or the account is to blame, whatever the status says:
   * proxies answer as they like. What else gets through shows which.
   */
  async #refused(batch: Batch, outcome: Refused, work: Work): Promise<boolean> {
    const { batches, outcomes } = work;
    const evidence = this.#evidenceAgainst(batch);
    if (evidence >= evidenceNeeded(outcome)) {
      await this.#reject(batch, outcome, outcomes);
      return true;
    }
    // Others got through since it was first refused, so it says nothing new about the account.
    if (evidence > 0) {
      if (!this.#parts.breaker.closed) {
        return this.#backOff(batch, outcome, outcomes);
      }
      await this.#retryAlone(batch, outcome, outcomes);
      return true;
    }
    if (this.#evidence.gotThroughSince(work.refused)) work.refusals = 0;
    work.refused = this.#evidence.mark;
    work.refusals++;
    const othersGotThrough = this.#evidence.gotThroughSince(work.begun);
    const contentMayBe =
      outcome.kind === 'refused' ||
      othersGotThrough ||
      batch.some(({ failedAttempts }) => failedAttempts > 0);
    if (
      !contentMayBe ||
      work.refusals >= MAX_REFUSALS_IN_A_ROW ||
      this.#parts.abort.aborted
    ) {
      return this.#suspend(batch, outcome, outcomes);
    }
    if (batch.length > 1) {
      batches.push(...halvesOf(batch));
      return true;
    }
    if (othersGotThrough) {
      await this.#retryAlone(batch, outcome, outcomes);
      return true;
    }
    if (batches.length === 0) return this.#suspend(batch, outcome, outcomes);
    // It is sent again after the others, which may prove it to blame.
    batches.unshift(batch);
    return true;
  }

  #evidenceAgainst([event, ...others]: Batch): number {
    if (event === undefined || others.length > 0) return 0;
    return this.#evidence.refused(event.id);
  }

  async #reject(
    batch: Batch,
    outcome: Refused,
    outcomes: OutcomeRecorder,
  ): Promise<void> {
    for (const { id } of batch) this.#evidence.forget(id);
    const message =
      outcome.kind === 'refused' && outcome.fromOdp
        ? outcome.reason
        : `${outcome.problem}, again and again while other events got through`;
    const refusals = batch.map((event) => ({ event, message }));
    await outcomes.reject(refusals, outcome.status ?? 0, batch);
  }

  async #suspend(
    batch: Batch,
    { status = 0, kind }: Refused | NamesInvalid,
    outcomes: OutcomeRecorder,
  ): Promise<boolean> {
    const { breaker, reporter, clock } = this.#parts;
    const { news } = breaker.suspend(clock.monotonic());
    // The breaker stops this process only; others that share the outbox may go on.
    await outcomes.retry(batch, 0);
    if (news) reporter.suspended(status, kind);
    return false;
  }

  async #failed(
    batch: Batch,
    throughs: number,
    outcome: Outcome & { readonly kind: 'unavailable' },
    { outcomes }: Work,
  ): Promise<boolean> {
    if (this.#parts.abort.aborted) {
      await outcomes.release(batch);
      return false;
    }
    const { retryAfter } = outcome;
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
    return this.#backOff(batch, outcome, outcomes, retryAfter);
  }

  /** All requests wait. */
  async #backOff(
    batch: Batch,
    { status, problem }: Outcome,
    outcomes: OutcomeRecorder,
    retryAfter?: number,
  ): Promise<boolean> {
    const { breaker, reporter, clock } = this.#parts;
    const wait = breaker.failed(clock.monotonic(), retryAfter);
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

const evidenceNeeded = (outcome: Refused) =>
  outcome.kind === 'refused' && outcome.fromOdp
    ? EVIDENCE_NEEDED.odp
    : EVIDENCE_NEEDED.other;
