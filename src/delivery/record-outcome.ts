import { OdpExpiredError, OdpRejectedError } from '../errors/index.js';
import type {
  ClaimedEvent,
  DeadLetterCause,
  MaybePromise,
} from '../outbox/index.js';
import type { AwaitedEvents } from './awaited.js';
import type { BatchTrigger } from './batch-trigger.js';
import type { OutboxAccess } from './outbox-access.js';
import { type Clock, within } from '../clock.js';
import { identifierRedactor } from '../reporting/index.js';
import type { Reporter } from '../reporting/index.js';

/** What is notified of an outcome, and what recording it needs. */
export interface OutcomeRecorderParts {
  readonly access: OutboxAccess;
  readonly trigger: BatchTrigger;
  readonly reporter: Reporter;
  readonly awaited: AwaitedEvents;
  readonly clock: Clock;
  /** In ms. */
  readonly maxEventAge: number;
  /** Aborted when the app ends without waiting for answers. */
  readonly abort: AbortSignal;
}

/** An event that ODP refused, and why. */
export interface Refusal {
  readonly event: ClaimedEvent;
  readonly message: string;
}

/** How soon a failed outbox is asked again, in ms. */
const OUTBOX_RETRY_INTERVAL_MS = 250;
/** How long recording dead letters or a release may keep a request's slot busy, in ms. */
const MAX_RECORDING_MS = 5000;

/**
 * Records a claim's outcome in the outbox, retrying until the lease expires, then
 * notifies reporter and callers. Never rejects.
 */
export class OutcomeRecorder {
  readonly #parts: OutcomeRecorderParts;
  readonly #leaseEnd: number;

  /** @param leaseEnd when the lease expires, on the monotonic clock */
  constructor(parts: OutcomeRecorderParts, leaseEnd: number) {
    this.#parts = parts;
    this.#leaseEnd = leaseEnd;
  }

  /** ODP has them. */
  async acknowledge(events: readonly ClaimedEvent[]): Promise<void> {
    const { access, reporter, awaited } = this.#parts;
    const held = await this.#record('acknowledge', events, () =>
      access.outbox.acknowledge(events),
    );
    access.forgotten(held ?? events.length);
    reporter.delivered(events);
    for (const { receipt } of events) awaited.delivered(receipt);
  }

  /** Gives up those that are too old; returns the others. */
  async expire(
    events: readonly ClaimedEvent[],
  ): Promise<readonly ClaimedEvent[]> {
    const { maxEventAge } = this.#parts;
    if (events.every(({ age }) => age < maxEventAge)) return events;
    const { reporter, awaited } = this.#parts;
    const expired = events.filter(({ age }) => age >= maxEventAge);
    const message = `undelivered for longer than ${maxEventAge} ms`;
    await this.#deadLetter(expired, { reason: 'expired', message }, (event) => {
      reporter.expired(event);
      awaited.givenUp(event.receipt, () => new OdpExpiredError(maxEventAge));
    });
    return events.filter(({ age }) => age < maxEventAge);
  }

  /**
   * Gives up those that ODP refused with this status.
   *
   * @param batch the events of the request: ODP's message may name any of them
   */
  async reject(
    refusals: readonly Refusal[],
    status: number,
    batch: readonly ClaimedEvent[],
  ): Promise<void> {
    const { reporter, awaited } = this.#parts;
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
      await this.#deadLetter(events, cause, (event) => {
        reporter.rejected(event, status, message);
        awaited.givenUp(
          event.receipt,
          () => new OdpRejectedError(status, message),
        );
      });
    }
  }

  /** Releases events that were not sent, for `delay` ms; others may send them then. */
  release(events: readonly ClaimedEvent[], delay = 0): Promise<void> {
    return this.#giveBack(events, delay, false);
  }

  /** Releases events that failed, for `delay` ms. */
  retry(events: readonly ClaimedEvent[], delay: number): Promise<void> {
    return this.#giveBack(events, delay, true);
  }

  /**
   * Never reports a loss that the outbox has not recorded: such events come back
   * when the lease ends.
   */
  async #deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
    notify: (event: ClaimedEvent) => void,
  ): Promise<void> {
    const { access, clock } = this.#parts;
    const recorded = async () => {
      const held = await this.#record('deadLetter', events, () =>
        access.outbox.deadLetter(events, cause),
      );
      // They may have been erased, or claimed by another process, meanwhile.
      if (held === undefined || held === 0) return;
      access.deadLettered(held);
      for (const event of events) notify(event);
    };
    await within(clock, MAX_RECORDING_MS, recorded(), () => {});
  }

  async #giveBack(
    events: readonly ClaimedEvent[],
    delay: number,
    failed: boolean,
  ): Promise<void> {
    if (events.length === 0) return;
    const { access, clock } = this.#parts;
    const giveBack = async () => {
      const recorded = await this.#record('release', events, async () => {
        await access.outbox.release(events, { delay, failed });
        return events.length;
      });
      if (recorded !== undefined) this.#released(delay);
    };
    await within(clock, MAX_RECORDING_MS, giveBack(), () => {});
  }

  /** They can be claimed again in `delay` ms. */
  #released(delay: number): void {
    const { trigger, clock } = this.#parts;
    trigger.released(clock.monotonic() + delay);
  }

  /** Returns how many of the events were still claimed; `undefined` if the outcome could not be recorded. */
  async #record(
    doing: 'acknowledge' | 'deadLetter' | 'release',
    events: readonly ClaimedEvent[],
    record: () => MaybePromise<number>,
  ): Promise<number | undefined> {
    const { access, clock, reporter, abort } = this.#parts;
    for (let first = true; ; first = false) {
      try {
        const held = await record();
        // An earlier attempt may have succeeded, and only its answer got lost.
        return first ? held : events.length;
      } catch (error) {
        reporter.outboxFailed(doing, error);
        const now = clock.monotonic();
        const over = now + OUTBOX_RETRY_INTERVAL_MS >= this.#leaseEnd;
        if (abort.aborted || over || access.outbox.storeClosed) {
          this.#released(Math.max(this.#leaseEnd - now, 0));
          return undefined;
        }
        await new Promise<void>((resolve) => {
          clock.schedule(resolve, OUTBOX_RETRY_INTERVAL_MS, false);
        });
      }
    }
  }
}
