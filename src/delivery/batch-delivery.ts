import { OdpExpiredError, OdpRejectedError } from '../errors/index.js';
import type { ClaimedEvent, MaybePromise, OdpOutbox } from '../outbox/index.js';
import type { InvalidEvent } from '../transport/index.js';
import type { AwaitedEvents } from './awaited.js';
import type { Clock } from './clock.js';
import type { Gate } from './gate.js';
import type { OdpClient, Outcome } from './odp-client.js';
import { redactIdentifiers } from './redact.js';
import type { Reporter } from './reporter.js';

/** What one batch's delivery works with. */
export interface BatchDeliveryParts {
  readonly client: OdpClient;
  readonly outbox: OdpOutbox;
  readonly gate: Gate;
  readonly reporter: Reporter;
  readonly awaited: AwaitedEvents;
  readonly clock: Clock;
  /** In ms. */
  readonly requestTimeout: number;
  /** In ms. */
  readonly maxEventAge: number;
  /** In ms. */
  readonly probeInterval: number;
  /** Aborted when the app ends without waiting for answers. */
  readonly abort: AbortSignal;
  /** Tells that so many events were delivered or given up. */
  settled(count: number): void;
  /** Tells that events were given back for so many ms. */
  released(delay: number): void;
}

/** An event that ODP refused, and why. */
interface Refusal {
  readonly event: ClaimedEvent;
  readonly message: string;
}

/** How soon an outbox that failed is asked again, in ms. */
const OUTBOX_RETRY = 250;

/** Brings claimed events to ODP and tells the outbox what became of each. */
export class BatchDelivery {
  readonly #parts: BatchDeliveryParts;

  constructor(parts: BatchDeliveryParts) {
    this.#parts = parts;
  }

  /**
   * Sends the events in as many requests as the answers make necessary. Never
   * rejects.
   *
   * @param leaseEnd until when the events are lent, in ms since the epoch
   */
  async deliver(
    events: readonly ClaimedEvent[],
    leaseEnd: number,
  ): Promise<void> {
    const { clock, requestTimeout, abort } = this.#parts;
    const fresh = await this.#giveUpExpired(events, leaseEnd);
    const batches = fresh.length > 0 ? [fresh] : [];
    let first = true;
    for (
      let batch = batches.pop();
      batch !== undefined;
      batch = batches.pop()
    ) {
      const enoughTime = clock.now() + requestTimeout < leaseEnd;
      if (abort.aborted || !(first || enoughTime)) {
        await this.#release([batch, ...batches].flat(), 0, false, leaseEnd);
        return;
      }
      first = false;
      const rest = await this.#request(batch, leaseEnd);
      if (rest === undefined) {
        await this.#release(batches.flat(), 0, false, leaseEnd);
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
  async expire(
    events: readonly ClaimedEvent[],
    leaseEnd: number,
  ): Promise<number> {
    const fresh = await this.#giveUpExpired(events, leaseEnd);
    await this.#release(fresh, 0, false, leaseEnd);
    return events.length - fresh.length;
  }

  /** Gives up those that are too old; returns the others. */
  async #giveUpExpired(
    events: readonly ClaimedEvent[],
    leaseEnd: number,
  ): Promise<readonly ClaimedEvent[]> {
    const { clock, maxEventAge } = this.#parts;
    const oldest = clock.now() - maxEventAge;
    if (events.every(({ createdAt }) => createdAt > oldest)) return events;
    const { reporter, awaited, outbox } = this.#parts;
    const expired = events.filter(({ createdAt }) => createdAt <= oldest);
    await this.#settle('bury', leaseEnd, () =>
      outbox.bury(expired, {
        reason: 'expired',
        message: `undelivered for longer than ${maxEventAge} ms`,
      }),
    );
    this.#parts.settled(expired.length);
    for (const event of expired) {
      reporter.expired(event);
      awaited.givenUp(event.id, () => new OdpExpiredError(maxEventAge));
    }
    return events.filter(({ createdAt }) => createdAt > oldest);
  }

  /**
   * Makes one request and does what its answer asks for.
   *
   * @returns what is to be sent again at once; `undefined` when nothing should
   *   be sent now
   */
  async #request(
    batch: readonly ClaimedEvent[],
    leaseEnd: number,
  ): Promise<(readonly ClaimedEvent[])[] | undefined> {
    const { client, gate, reporter, abort } = this.#parts;
    const stamp = gate.stamp();
    reporter.requested();
    const outcome = await client.send(batch, abort);
    switch (outcome.kind) {
      case 'accepted':
        this.#gotThrough();
        await this.#acknowledge(batch, leaseEnd);
        return [];
      case 'invalid':
        this.#gotThrough();
        return this.#salvage(batch, outcome.invalids, outcome, leaseEnd);
      case 'refused':
        this.#gotThrough();
        if (batch.length > 1) return halvesOf(batch);
        await this.#reject(
          batch.map((event) => ({ event, message: outcome.reason })),
          outcome,
          leaseEnd,
        );
        return [];
      case 'misconfigured':
        await this.#suspend(batch, outcome, leaseEnd);
        return undefined;
      default:
        await this.#backOff(
          batch,
          stamp,
          outcome,
          outcome.retryAfter,
          leaseEnd,
        );
        return undefined;
    }
  }

  #gotThrough(): void {
    const { gate, reporter } = this.#parts;
    const ended = gate.succeeded();
    if (ended === 'suspension') reporter.resumed();
    else if (ended === 'outage') reporter.recovered();
  }

  async #acknowledge(
    batch: readonly ClaimedEvent[],
    leaseEnd: number,
  ): Promise<void> {
    const { outbox, reporter, awaited } = this.#parts;
    await this.#settle('acknowledge', leaseEnd, () =>
      outbox.acknowledge(batch),
    );
    this.#parts.settled(batch.length);
    reporter.delivered(batch);
    for (const { id } of batch) awaited.delivered(id);
  }

  /** Gives up the events that ODP names; nobody documents whether it kept the others, so they go again. */
  async #salvage(
    batch: readonly ClaimedEvent[],
    invalids: readonly InvalidEvent[],
    outcome: Outcome,
    leaseEnd: number,
  ): Promise<(readonly ClaimedEvent[])[]> {
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
    await this.#reject(refusals, outcome, leaseEnd);
    return good.length > 0 ? [good] : [];
  }

  async #reject(
    refusals: readonly Refusal[],
    { status = 0 }: Outcome,
    leaseEnd: number,
  ): Promise<void> {
    const { outbox, reporter, awaited } = this.#parts;
    const byReason = new Map<string, ClaimedEvent[]>();
    for (const { event, message } of refusals) {
      const reason = redactIdentifiers(message, event.payload);
      const group = byReason.get(reason);
      if (group === undefined) byReason.set(reason, [event]);
      else group.push(event);
    }
    for (const [reason, events] of byReason) {
      await this.#settle('bury', leaseEnd, () =>
        outbox.bury(events, { reason: 'rejected', status, message: reason }),
      );
      this.#parts.settled(events.length);
      for (const event of events) {
        reporter.rejected(event, status, reason);
        awaited.givenUp(event.id, () => new OdpRejectedError(status, reason));
      }
    }
  }

  async #suspend(
    batch: readonly ClaimedEvent[],
    { status = 0 }: Outcome,
    leaseEnd: number,
  ): Promise<void> {
    const { gate, reporter, clock, probeInterval } = this.#parts;
    const news = gate.suspend(clock.now());
    await this.#release(batch, 0, false, leaseEnd);
    if (news) reporter.suspended(status, probeInterval);
  }

  async #backOff(
    batch: readonly ClaimedEvent[],
    stamp: number,
    { status, problem }: Outcome,
    retryAfter: number | undefined,
    leaseEnd: number,
  ): Promise<void> {
    const { gate, reporter, clock, abort, maxEventAge } = this.#parts;
    if (abort.aborted) {
      await this.#release(batch, 0, false, leaseEnd);
      return;
    }
    const now = clock.now();
    const tries = Math.max(...batch.map((event) => event.tries));
    const delay = gate.failed(stamp, now, tries, retryAfter);
    reporter.retrying(batch, status, problem, delay);
    // One ms longer than the gate: where others wait, they go first, so that a
    // batch which fails by itself never keeps them from being tried. But never
    // beyond its age: it must be there to be given up.
    const oldest = Math.min(...batch.map((event) => event.createdAt));
    const untilTooOld = Math.max(oldest + maxEventAge - now, 0);
    await this.#release(
      batch,
      Math.min(delay + 1, untilTooOld),
      true,
      leaseEnd,
    );
  }

  async #release(
    events: readonly ClaimedEvent[],
    delay: number,
    failed: boolean,
    leaseEnd: number,
  ): Promise<void> {
    if (events.length === 0) return;
    const { outbox, released } = this.#parts;
    await this.#settle('release', leaseEnd, () =>
      outbox.release(events, { delay, failed }),
    );
    released(delay);
  }

  /** Tells the outbox, again and again while it fails and the events are still lent. */
  async #settle(
    doing: string,
    leaseEnd: number,
    tell: () => MaybePromise<unknown>,
  ): Promise<void> {
    const { clock, reporter, abort } = this.#parts;
    for (;;) {
      try {
        await tell();
        return;
      } catch (error) {
        reporter.outboxFailed(doing, error);
        if (abort.aborted || clock.now() + OUTBOX_RETRY >= leaseEnd) return;
        await new Promise<void>((resolve) => {
          clock.schedule(resolve, OUTBOX_RETRY, false);
        });
      }
    }
  }
}

function halvesOf<T>(batch: readonly T[]): (readonly T[])[] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(middle), batch.slice(0, middle)];
}
