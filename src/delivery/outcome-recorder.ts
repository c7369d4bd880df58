import { OdpExpiredError, OdpRejectedError } from '../errors/index.js';
import type { ClaimedEvent, DeadLetterCause } from '../outbox/index.js';
import { identifierRedactor } from '../reporting/index.js';
import type { Reporter } from '../reporting/index.js';
import type { AwaitedEvents } from './awaited-events.js';
import type { Claim } from './claim.js';
import type { OutboxAccess } from './outbox-access.js';

/** An event that ODP refused, and why. */
export interface Refusal {
  readonly event: ClaimedEvent;
  readonly message: string;
}

/** Records the outcome of claimed events, then notifies reporter and callers. Never rejects. */
export class OutcomeRecorder {
  readonly #access: OutboxAccess;
  readonly #awaited: AwaitedEvents;
  readonly #reporter: Reporter;
  readonly #maxEventAge: number;

  /** @param maxEventAge in ms */
  constructor(
    access: OutboxAccess,
    awaited: AwaitedEvents,
    reporter: Reporter,
    maxEventAge: number,
  ) {
    this.#access = access;
    this.#awaited = awaited;
    this.#reporter = reporter;
    this.#maxEventAge = maxEventAge;
  }

  /** ODP has them. */
  async acknowledge(
    claim: Claim,
    events: readonly ClaimedEvent[],
  ): Promise<void> {
    const held = await claim.acknowledge(events);
    this.#access.forgotten(held ?? events.length);
    this.#reporter.delivered(events);
    for (const { receipt } of events) this.#awaited.delivered(receipt);
  }

  /** Gives up those that are too old; returns the others. */
  async expire(
    claim: Claim,
    events: readonly ClaimedEvent[],
  ): Promise<readonly ClaimedEvent[]> {
    const maxEventAge = this.#maxEventAge;
    if (events.every(({ age }) => age < maxEventAge)) return events;
    const expired = events.filter(({ age }) => age >= maxEventAge);
    const message = `undelivered for longer than ${maxEventAge} ms`;
    const cause = { reason: 'expired', message } as const;
    await this.#deadLetter(claim, expired, cause, (event) => {
      this.#reporter.expired(event);
      this.#awaited.givenUp(
        event.receipt,
        () => new OdpExpiredError(maxEventAge),
      );
    });
    return events.filter(({ age }) => age < maxEventAge);
  }

  /**
   * Gives up those that ODP refused with this status.
   *
   * @param batch the events of the request: ODP's message may name any of them
   */
  async reject(
    claim: Claim,
    refusals: readonly Refusal[],
    status: number,
    batch: readonly ClaimedEvent[],
  ): Promise<void> {
    const redact = identifierRedactor(batch.map(({ payload }) => payload));
    const byMessage = new Map<string, ClaimedEvent[]>();
    for (const { event, message: said } of refusals) {
      const message = redact(said);
      const group = byMessage.get(message);
      if (group === undefined) byMessage.set(message, [event]);
      else group.push(event);
    }
    for (const [message, events] of byMessage) {
      const cause = { reason: 'rejected', status, message } as const;
      await this.#deadLetter(claim, events, cause, (event) => {
        this.#reporter.rejected(event, status, message);
        this.#awaited.givenUp(
          event.receipt,
          () => new OdpRejectedError(status, message),
        );
      });
    }
  }

  /** Releases events that were not sent, for `delay` ms, or until they are too old. */
  setAside(
    claim: Claim,
    events: readonly ClaimedEvent[],
    delay: number,
  ): Promise<void> {
    return claim.release(events, Math.min(delay, this.#untilTooOld(events)));
  }

  /** Releases events that failed, for `delay` ms, or until they are too old. */
  retry(
    claim: Claim,
    events: readonly ClaimedEvent[],
    delay: number,
  ): Promise<void> {
    return claim.retry(events, Math.min(delay, this.#untilTooOld(events)));
  }

  /** In how many ms the oldest of them must be claimable, to be given up in time. */
  #untilTooOld(events: readonly ClaimedEvent[]): number {
    const oldestAge = Math.max(...events.map(({ age }) => age));
    return Math.max(this.#maxEventAge - oldestAge, 0);
  }

  /**
   * Never reports a loss that the outbox has not recorded: such events come back
   * when the lease ends.
   */
  #deadLetter(
    claim: Claim,
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
    notify: (event: ClaimedEvent) => void,
  ): Promise<void> {
    const recording = async () => {
      const held = await claim.deadLetter(events, cause);
      // They may have been erased, or claimed by another process, meanwhile.
      if (held === undefined || held === 0) return;
      this.#access.deadLettered(held);
      for (const event of events) notify(event);
    };
    return claim.recorded(recording());
  }
}
