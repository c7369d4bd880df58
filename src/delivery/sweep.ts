import type { OdpOutbox } from '../outbox/index.js';
import type { BatchDelivery } from './batch-delivery.js';
import type { Gate } from './gate.js';
import type { OutboxGauge } from './outbox-gauge.js';
import type { Reporter } from '../reporting/index.js';

/** What a sweep works with. */
export interface SweepParts {
  readonly outbox: OdpOutbox;
  readonly gate: Gate;
  readonly gauge: OutboxGauge;
  readonly batches: BatchDelivery;
  readonly reporter: Reporter;
  /** In ms. */
  readonly maxEventAge: number;
  /** How many events are looked at at once. */
  readonly batchSize: number;
  /** How long they are lent for, in ms. */
  readonly lease: number;
}

/** The least time between two sweeps that found nothing more, in ms. */
const REST = 1000;

/** While nothing may be sent, events that have grown too old are given up all the same. */
export class Sweep {
  readonly #parts: SweepParts;
  #notBefore = 0;

  constructor(parts: SweepParts) {
    this.#parts = parts;
  }

  /** When the next event will be too old, in ms since the epoch; `Infinity` while events are sent. */
  get dueAt(): number {
    const { gate, gauge, maxEventAge } = this.#parts;
    if (gate.open) return Infinity;
    const { oldest } = gauge.read();
    if (oldest === undefined) return Infinity;
    return Math.max(oldest + maxEventAge, this.#notBefore);
  }

  /** Looks at the oldest events. Never rejects. */
  async run(now: number): Promise<void> {
    const { outbox, batches, reporter, batchSize, lease } = this.#parts;
    this.#notBefore = now + REST;
    try {
      const events = await outbox.claim({ limit: batchSize, lease });
      const expired = await batches.expire(events, now + lease);
      // Where all were too old the next may be as well.
      if (expired > 0 && expired === events.length) this.#notBefore = now;
    } catch (error) {
      reporter.outboxFailed('claim', error);
    }
  }
}
