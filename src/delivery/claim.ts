import { type Clock, within } from '../clock.js';
import type {
  ClaimedEvent,
  DeadLetterCause,
  MaybePromise,
} from '../outbox/index.js';
import type { Reporter } from '../reporting/index.js';
import type { BatchTrigger } from './batch-trigger.js';
import type { OutboxOpening } from './outbox-opening.js';

type Events = readonly ClaimedEvent[];

/** The shortest lease, in ms: longer than any pause of a healthy process. */
const MIN_LEASE_MS = 60_000;
/** How soon a failed outbox is asked again, in ms. */
const OUTBOX_RETRY_INTERVAL_MS = 250;
/** How long recording dead letters or a release may keep a request's slot busy, in ms. */
const MAX_RECORDING_MS = 5000;

/** How long a claim's lease lasts, in ms. */
export const leaseFor = ({ requestTimeout }: { requestTimeout: number }) =>
  Math.max(MIN_LEASE_MS, 3 * requestTimeout);

/**
 * Events that this process has claimed. What becomes of them is recorded in the
 * outbox, again and again until their lease expires. Never rejects.
 */
export class Claim {
  readonly events: Events;
  readonly #opening: OutboxOpening;
  readonly #trigger: BatchTrigger;
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  readonly #leaseEnd: number;

  /** @param leaseEnd when the lease expires, on the monotonic clock */
  constructor(
    events: Events,
    leaseEnd: number,
    opening: OutboxOpening,
    trigger: BatchTrigger,
    reporter: Reporter,
    clock: Clock,
  ) {
    this.events = events;
    this.#leaseEnd = leaseEnd;
    this.#opening = opening;
    this.#trigger = trigger;
    this.#reporter = reporter;
    this.#clock = clock;
  }

  /** A claim of some of its events, with the same lease. */
  part(events: Events): Claim {
    return new Claim(
      events,
      this.#leaseEnd,
      this.#opening,
      this.#trigger,
      this.#reporter,
      this.#clock,
    );
  }

  /** How much of the lease is left, in ms. */
  get timeLeft(): number {
    return Math.max(this.#leaseEnd - this.#clock.monotonic(), 0);
  }

  /** Returns how many of the events were still claimed; `undefined` if it could not be recorded. */
  acknowledge(events: Events): Promise<number | undefined> {
    return this.#record('acknowledge', events, () =>
      this.#opening.outbox.acknowledge(events),
    );
  }

  /** Returns the same as {@link acknowledge}. */
  deadLetter(
    events: Events,
    cause: DeadLetterCause,
  ): Promise<number | undefined> {
    return this.#record('deadLetter', events, () =>
      this.#opening.outbox.deadLetter(events, cause),
    );
  }

  /** Releases events that were not sent, for `delay` ms; others may send them then. */
  release(events: Events, delay = 0): Promise<void> {
    return this.#giveBack(events, delay, false);
  }

  /** Releases events that failed, for `delay` ms. */
  retry(events: Events, delay: number): Promise<void> {
    return this.#giveBack(events, delay, true);
  }

  /** Waits for what is being recorded, unless that keeps the request's slot busy for too long. */
  async recorded(recording: Promise<void>): Promise<void> {
    await within(this.#clock, MAX_RECORDING_MS, recording, () => {});
  }

  async #giveBack(
    events: Events,
    delay: number,
    failed: boolean,
  ): Promise<void> {
    if (events.length === 0) return;
    const giveBack = async () => {
      const recorded = await this.#record('release', events, async () => {
        await this.#opening.outbox.release(events, { delay, failed });
        return events.length;
      });
      if (recorded !== undefined) this.#released(delay);
    };
    await this.recorded(giveBack());
  }

  /** They can be claimed again in `delay` ms. */
  #released(delay: number): void {
    this.#trigger.released(this.#clock.monotonic() + delay);
  }

  async #record(
    doing: 'acknowledge' | 'deadLetter' | 'release',
    events: Events,
    record: () => MaybePromise<number>,
  ): Promise<number | undefined> {
    for (let first = true; ; first = false) {
      try {
        const held = await record();
        // An earlier attempt may have succeeded, and only its answer got lost.
        return first ? held : events.length;
      } catch (error) {
        this.#reporter.outboxFailed(doing, error);
        if (this.#opening.isOver || this.timeLeft <= OUTBOX_RETRY_INTERVAL_MS) {
          this.#released(this.timeLeft);
          return undefined;
        }
        await new Promise<void>((resolve) => {
          this.#clock.schedule(resolve, OUTBOX_RETRY_INTERVAL_MS, false);
        });
      }
    }
  }
}
