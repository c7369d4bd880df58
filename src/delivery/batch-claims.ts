import type { Clock } from '../clock.js';
import type { BatchLimit } from './batch-limit.js';
import type { BatchTrigger } from './batch-trigger.js';
import { type Claim, leaseFor } from './claim.js';
import type { ResolvedDelivery } from './delivery-options.js';
import type { OutboxAccess } from './outbox-access.js';

const PROBE_CHOICE_BYTES = 16 * 1024 * 1024;
/** Delay before a failed claim is retried, in ms. */
const OUTBOX_RETRY_INTERVAL_MS = 1000;

/** Claims batches that are due. */
export class BatchClaims {
  readonly #access: OutboxAccess;
  readonly #trigger: BatchTrigger;
  readonly #limit: BatchLimit;
  readonly #clock: Clock;
  readonly #options: ResolvedDelivery;
  /** A failed outbox is not asked before then. */
  #restsUntil = 0;

  constructor(
    access: OutboxAccess,
    trigger: BatchTrigger,
    limit: BatchLimit,
    clock: Clock,
    options: ResolvedDelivery,
  ) {
    this.#access = access;
    this.#trigger = trigger;
    this.#limit = limit;
    this.#clock = clock;
    this.#options = options;
  }

  /** When the next batch is due, on the monotonic clock. */
  get dueAt(): number {
    const isDue = this.#trigger.isDue(this.#clock.monotonic());
    return isDue ? this.#restsUntil : this.#trigger.nextAt;
  }

  /** Whatever there is now is due. */
  wantAll(): void {
    this.#trigger.wantAll(this.#clock.monotonic());
  }

  /**
   * Claims the batch that is due. Never rejects.
   *
   * @param probeChoice for a probe: among how many events to choose
   * @returns `undefined` if the outbox fails
   */
  async claim(probeChoice: number | undefined): Promise<Claim | undefined> {
    const { minAge, end } = this.#trigger.claim(this.#clock.monotonic());
    const isProbe = probeChoice !== undefined;
    try {
      const claim = await this.#access.claim({
        limit: isProbe ? probeChoice : this.#options.batchSize,
        maxBytes: isProbe ? PROBE_CHOICE_BYTES : this.#limit.bytes,
        lease: leaseFor(this.#options),
        minAge,
      });
      const newest = claim.events.at(-1);
      end(claim.events.length, newest && this.#clock.monotonic() - newest.age);
      return claim;
    } catch (error) {
      this.#access.failed('claim', error);
      this.#restsUntil = this.#clock.monotonic() + OUTBOX_RETRY_INTERVAL_MS;
      this.#trigger.wantAll(this.#restsUntil);
      return undefined;
    }
  }
}
