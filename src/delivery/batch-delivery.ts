import type { Outcome } from '../odp/index.js';
import type { ClaimedEvent } from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import { attemptsOf, batchesOf, halvesOf, pickProbe, sift } from './batches.js';
import { Blame, isOdpsOwn, type Refused } from './blame.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { Claim } from './claim.js';
import type { Evidence } from './evidence.js';
import type { OutcomeRecorder } from './outcome-recorder.js';
import type { EventRequests } from './event-requests.js';

type Batch = readonly ClaimedEvent[];
type NamesInvalid = Outcome & { readonly kind: 'invalid' };
type Unavailable = Outcome & { readonly kind: 'unavailable' };

/** What remains of one delivery. */
interface Work {
  readonly claim: Claim;
  /** Requests still to be made; the next one is the last. */
  readonly batches: Batch[];
  readonly blame: Blame;
}

/** How long events that are to blame for their refusals stay out of the way of probes, in ms. */
const SET_ASIDE_MS = 5 * 60_000;

/** Sends claimed events to ODP and acts on its answers. */
export class BatchDelivery {
  readonly #requests: EventRequests;
  readonly #recorder: OutcomeRecorder;
  readonly #breaker: CircuitBreaker;
  readonly #evidence: Evidence;
  readonly #reporter: Reporter;
  #probes = 0;

  constructor(
    requests: EventRequests,
    recorder: OutcomeRecorder,
    breaker: CircuitBreaker,
    evidence: Evidence,
    reporter: Reporter,
  ) {
    this.#requests = requests;
    this.#recorder = recorder;
    this.#breaker = breaker;
    this.#evidence = evidence;
    this.#reporter = reporter;
  }

  /**
   * Sends the claimed events, in as many requests as the answers make necessary.
   * Never rejects.
   */
  async deliver(claim: Claim, events: Batch = claim.events): Promise<void> {
    // Taken at once, so that no other claim is made for the same turn.
    let turn = this.#requests.turn();
    const batches = batchesOf(await this.#recorder.expire(claim, events));
    const work: Work = { claim, batches, blame: new Blame(this.#evidence) };
    for (let first = true; batches.length > 0; first = false) {
      if (!first) turn = this.#requests.turn();
      await turn;
      if (claim.timeLeft <= (first ? 0 : this.#requests.timeout)) break;
      if (this.#requests.held || this.#breaker.paused) break;
      if (!first && this.#breaker.suspended) break;
      if (!(await this.#request(batches.pop() ?? [], work))) break;
    }
    await claim.release(batches.flat());
  }

  /**
   * Releases all events but one, and sends that to find out whether ODP takes
   * events again. Each probe carries another event. Events that are to blame
   * themselves would not show it: they are set aside, so that the next claim
   * reaches what waits behind them. Never rejects.
   */
  async probe(claim: Claim): Promise<void> {
    const { probe, others, aside } = pickProbe(
      claim.events,
      this.#probes++,
      (event) => this.#evidence.suspects(event),
    );
    await claim.release(others);
    await this.#recorder.setAside(claim, aside, SET_ASIDE_MS);
    if (probe !== undefined) await this.deliver(claim, [probe]);
  }

  /**
   * Makes one request and acts on its answer.
   *
   * @returns whether the other requests may go now
   */
  async #request(batch: Batch, work: Work): Promise<boolean> {
    const { claim, batches } = work;
    const { resets } = this.#breaker;
    const { throughs } = this.#evidence;
    const request = this.#evidence.start();
    const outcome = await this.#requests.send(batch);
    if (this.#breaker.resets !== resets) {
      // The answer of an account that was replaced says nothing about this one.
      if (outcome.kind === 'accepted') {
        await this.#recorder.acknowledge(claim, batch);
      } else await claim.release(batch);
      return this.#breaker.closed;
    }
    switch (outcome.kind) {
      case 'accepted':
        this.#breaker.succeeded();
        this.#evidence.gotThrough(request);
        this.#evidence.delivered(batch);
        await this.#recorder.acknowledge(claim, batch);
        return true;
      case 'invalid': {
        const { refusals, good } = sift(batch, outcome.invalids);
        const each = batch.length > 1 && good.length === 0;
        if (!this.#evidence.verdict(each)) {
          return this.#suspend(batch, outcome, claim);
        }
        this.#breaker.succeeded();
        const { status = 0 } = outcome;
        await this.#recorder.reject(claim, refusals, status, batch);
        // Whether ODP kept them is not documented, so they are sent again.
        if (good.length > 0) batches.push(good);
        return true;
      }
      case 'refused':
      case 'misconfigured':
        return this.#refused(batch, outcome, work);
      default:
        return this.#failed(batch, throughs, outcome, claim);
    }
  }

  async #refused(
    batch: Batch,
    outcome: Refused,
    { claim, batches, blame }: Work,
  ): Promise<boolean> {
    switch (blame.of(batch, outcome, batches.length)) {
      case 'reject':
        await this.#reject(batch, outcome, claim);
        return true;
      case 'retry':
        if (!this.#breaker.closed) return this.#backOff(batch, outcome, claim);
        await this.#retryAlone(batch, outcome, claim);
        return true;
      case 'retryAlone':
        await this.#retryAlone(batch, outcome, claim);
        return true;
      case 'halve':
        batches.push(...halvesOf(batch));
        return true;
      case 'sendLast':
        batches.unshift(batch);
        return true;
      default:
        return this.#suspend(batch, outcome, claim);
    }
  }

  async #reject(batch: Batch, outcome: Refused, claim: Claim): Promise<void> {
    for (const { id } of batch) this.#evidence.forget(id);
    const message =
      outcome.kind === 'refused' && isOdpsOwn(outcome)
        ? outcome.reason
        : `${outcome.problem}, again and again while other events got through`;
    const refusals = batch.map((event) => ({ event, message }));
    await this.#recorder.reject(claim, refusals, outcome.status ?? 0, batch);
  }

  async #suspend(
    batch: Batch,
    { status = 0, kind }: Refused | NamesInvalid,
    claim: Claim,
  ): Promise<boolean> {
    this.#breaker.suspend(status, kind);
    // The breaker stops this process only; others that share the outbox may go on.
    await claim.retry(batch, 0);
    return false;
  }

  async #failed(
    batch: Batch,
    throughs: number,
    outcome: Unavailable,
    claim: Claim,
  ): Promise<boolean> {
    if (this.#requests.ended) {
      await claim.release(batch);
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
      await this.#retryAlone(batch, outcome, claim, least);
      return true;
    }
    return this.#backOff(batch, outcome, claim, retryAfter);
  }

  /** All requests wait. */
  async #backOff(
    batch: Batch,
    { status, problem }: Outcome,
    claim: Claim,
    retryAfter?: number,
  ): Promise<boolean> {
    const wait = this.#breaker.failed(retryAfter);
    this.#reporter.retrying(batch, status, problem, wait);
    // The breaker stops this process only; others that share the outbox may go on.
    await claim.retry(batch, 0);
    return false;
  }

  /** Others get through, so only these events wait. */
  async #retryAlone(
    batch: Batch,
    { status, problem }: Outcome,
    claim: Claim,
    least = 0,
  ): Promise<void> {
    const wait = Math.max(this.#breaker.waitOf(attemptsOf(batch)), least);
    this.#reporter.retrying(batch, status, problem, wait);
    await this.#recorder.retry(claim, batch, wait);
  }
}
