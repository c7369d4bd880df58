import type { BatchDelivery } from './batch-delivery.js';
import type { OutboxAccess } from './outbox-access.js';
import type { Reporter } from '../reporting/index.js';

/** What an expiry scan needs. */
export interface ExpiryScanParts {
  readonly access: OutboxAccess;
  readonly batches: BatchDelivery;
  readonly reporter: Reporter;
  /** In ms. */
  readonly maxEventAge: number;
  /** How many events are checked at a time. */
  readonly batchSize: number;
  /** The lease of its claims, in ms. */
  readonly lease: number;
  /** Whether events are being sent, which gives up old ones by itself. */
  sending(): boolean;
}

/** The shortest time between two scans that find nothing, in ms. */
const EXPIRY_SCAN_INTERVAL_MS = 1000;

/** Gives up events that are too old while nothing may be sent. */
export class ExpiryScan {
  readonly #parts: ExpiryScanParts;
  #notBefore = 0;

  constructor(parts: ExpiryScanParts) {
    this.#parts = parts;
  }

  /** When the next event will be too old, on the monotonic clock; `Infinity` while events are sent. */
  dueAt(now: number): number {
    const { access, maxEventAge, sending } = this.#parts;
    if (sending()) return Infinity;
    const { oldestAge } = access.counts();
    if (oldestAge === undefined) return Infinity;
    return Math.max(now + maxEventAge - oldestAge, this.#notBefore);
  }

  /** Checks the oldest events. Never rejects. */
  async run(now: number): Promise<void> {
    const { access, batches, reporter, batchSize, lease, maxEventAge } =
      this.#parts;
    this.#notBefore = now + EXPIRY_SCAN_INTERVAL_MS;
    try {
      const events = await access.outbox.claim({
        limit: batchSize,
        lease,
        minAge: maxEventAge,
      });
      const expired = await batches.expire(events, now + lease);
      // If all were too old, the next may be as well.
      if (expired > 0 && expired === events.length) this.#notBefore = now;
    } catch (error) {
      reporter.outboxFailed('claim', error);
    }
  }
}
