import type { ClaimedEvent } from '../outbox/index.js';
import type { InvalidEvent } from '../odp/index.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { OdpClient, Outcome } from '../odp/index.js';
import {
  type Refusal,
  OutcomeRecorder,
  type OutcomeRecorderParts,
} from './record-outcome.js';

/** What one batch's delivery works with. */
export interface BatchDeliveryParts extends OutcomeRecorderParts {
  readonly client: OdpClient;
  readonly breaker: CircuitBreaker;
  /** In ms. */
  readonly requestTimeout: number;
  /** In ms. */
  readonly probeInterval: number;
}

type Batch = readonly ClaimedEvent[];

/** Brings claimed events to ODP and does what its answers ask for. */
export class BatchDelivery {
  readonly #parts: BatchDeliveryParts;

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
    const { clock, requestTimeout, abort } = this.#parts;
    const outcomes = new OutcomeRecorder(this.#parts, leaseEnd);
    const fresh = await outcomes.expire(events);
    const batches = fresh.length > 0 ? [fresh] : [];
    let first = true;
    for (
      let batch = batches.pop();
      batch !== undefined;
      batch = batches.pop()
    ) {
      const enoughTime = clock.monotonic() + requestTimeout < leaseEnd;
      if (abort.aborted || !(first || enoughTime)) {
        await outcomes.release([batch, ...batches].flat());
        return;
      }
      first = false;
      const rest = await this.#request(batch, outcomes);
      if (rest === undefined) {
        await outcomes.release(batches.flat());
        return;
      }
      batches.push(...rest);
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
   * @returns what is to be sent again at once; `undefined` when nothing should
   *   be sent now
   */
  async #request(
    batch: Batch,
    outcomes: OutcomeRecorder,
  ): Promise<Batch[] | undefined> {
    const { client, breaker, reporter, abort } = this.#parts;
    const stamp = breaker.stamp();
    reporter.requested();
    const outcome = await client.send(batch, abort);
    const { status = 0 } = outcome;
    switch (outcome.kind) {
      case 'accepted':
        this.#gotThrough();
        await outcomes.acknowledge(batch);
        return [];
      case 'invalid': {
        this.#gotThrough();
        const { refusals, good } = sift(batch, outcome.invalids);
        await outcomes.reject(refusals, status, batch);
        // Nobody documents whether ODP kept them, so they go again.
        return good.length > 0 ? [good] : [];
      }
      case 'refused': {
        this.#gotThrough();
        if (batch.length > 1) return halvesOf(batch);
        const { reason: message } = outcome;
        const refusals = batch.map((event) => ({ event, message }));
        await outcomes.reject(refusals, status, batch);
        return [];
      }
      case 'misconfigured':
        await this.#suspend(batch, status, outcomes);
        return undefined;
      default:
        await this.#backOff(
          batch,
          stamp,
          outcome,
          outcome.retryAfter,
          outcomes,
        );
        return undefined;
    }
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
    const { breaker, reporter, clock, probeInterval } = this.#parts;
    const news = breaker.suspend(clock.monotonic());
    await outcomes.release(batch);
    if (news) reporter.suspended(status, probeInterval);
  }

  async #backOff(
    batch: Batch,
    stamp: number,
    { status, problem }: Outcome,
    retryAfter: number | undefined,
    outcomes: OutcomeRecorder,
  ): Promise<void> {
    const { breaker, reporter, clock, abort, maxEventAge } = this.#parts;
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
    const oldestAge = Math.max(...batch.map(({ age }) => age));
    const untilTooOld = Math.max(maxEventAge - oldestAge, 0);
    await outcomes.retry(batch, Math.min(delay + 1, untilTooOld));
  }
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
