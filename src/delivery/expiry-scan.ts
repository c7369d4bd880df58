import type { ResolvedDelivery } from './delivery-options.js';
import type { BatchDelivery } from './batch-delivery.js';
import type { OutboxAccess } from './outbox-access.js';
import type { Reporter } from '../reporting/index.js';

/** The shortest time between two scans that find nothing, in ms. */
const EXPIRY_SCAN_INTERVAL_MS = 1000;

/** Gives up events that are too old while nothing may be sent. */
export class ExpiryScan {
  readonly #access: OutboxAccess;
  readonly #batches: BatchDelivery;
  readonly #reporter: Reporter;
  readonly #delivery: ResolvedDelivery;
  readonly #lease: number;
  #notBefore = 0;

  /** @param lease how long it claims events, in ms */
  constructor(
    access: OutboxAccess,
    batches: BatchDelivery,
    reporter: Reporter,
    delivery: ResolvedDelivery,
    lease: number,
  ) {
    this.#access = access;
    this.#batches = batches;
    this.#reporter = reporter;
    this.#delivery = delivery;
    this.#lease = lease;
  }

  /** When the next event will be too old, on the monotonic clock; `Infinity` if none waits. */
  dueAt(now: number): number {
    const { oldestAge } = this.#access.counts();
    if (oldestAge === undefined) return Infinity;
    return Math.max(
      now + this.#delivery.maxEventAge - oldestAge,
      this.#notBefore,
    );
  }

  /** Checks the oldest events. Never rejects. */
  async run(now: number): Promise<void> {
    const { batchSize, maxEventAge } = this.#delivery;
    const lease = this.#lease;
    this.#notBefore = now + EXPIRY_SCAN_INTERVAL_MS;
    try {
      const events = await this.#access.outbox.claim({
        limit: batchSize,
        lease,
        minAge: maxEventAge,
      });
      const expired = await this.#batches.expire(events, now + lease);
      // If all were too old, the next may be as well.
      if (expired > 0 && expired === events.length) this.#notBefore = now;
    } catch (error) {
      this.#reporter.outboxFailed('claim', error);
    }
  }
}
