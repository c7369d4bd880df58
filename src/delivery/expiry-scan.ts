import type { Clock } from '../clock.js';
import { leaseFor } from './claim.js';
import type { ResolvedDelivery } from './delivery-options.js';
import type { OutboxAccess } from './outbox-access.js';
import type { OutcomeRecorder } from './outcome-recorder.js';

/** The shortest time between two scans that find nothing, in ms. */
const EXPIRY_SCAN_INTERVAL_MS = 1000;

/** Gives up events that are too old while nothing may be sent. */
export class ExpiryScan {
  readonly #access: OutboxAccess;
  readonly #recorder: OutcomeRecorder;
  readonly #clock: Clock;
  readonly #options: ResolvedDelivery;
  #notBefore = 0;

  constructor(
    access: OutboxAccess,
    recorder: OutcomeRecorder,
    clock: Clock,
    options: ResolvedDelivery,
  ) {
    this.#access = access;
    this.#recorder = recorder;
    this.#clock = clock;
    this.#options = options;
  }

  /** When the next event will be too old, on the monotonic clock; `Infinity` if none waits. */
  get dueAt(): number {
    const { oldestAge } = this.#access.counts();
    if (oldestAge === undefined) return Infinity;
    const left = this.#options.maxEventAge - oldestAge;
    return Math.max(this.#clock.monotonic() + left, this.#notBefore);
  }

  /** Checks the oldest events. Never rejects. */
  async run(): Promise<void> {
    const { batchSize, maxEventAge } = this.#options;
    const now = this.#clock.monotonic();
    this.#notBefore = now + EXPIRY_SCAN_INTERVAL_MS;
    try {
      const claim = await this.#access.claim({
        limit: batchSize,
        lease: leaseFor(this.#options),
        minAge: maxEventAge,
      });
      const fresh = await this.#recorder.expire(claim, claim.events);
      await claim.release(fresh);
      // If all were too old, the next may be as well.
      const isAny = claim.events.length > 0;
      if (isAny && fresh.length === 0) this.#notBefore = now;
    } catch (error) {
      this.#access.failed('claim', error);
    }
  }
}
