import type { Clock } from '../clock.js';
import type { BatchLimit } from './batch-limit.js';
import type { BatchTrigger, BegunClaim } from './batch-trigger.js';
import { portionsOf } from './batches.js';
import { type Claim, leaseFor } from './claim.js';
import type { ResolvedDelivery } from './delivery-options.js';
import type { OutboxAccess } from './outbox-access.js';

/** The share of a request that payloads may take: what separates them fits into the rest, as each has over a hundred bytes. */
const PAYLOAD_SHARE = 0.99;
/** How many batches are claimed at once, at most. */
const MAX_BATCHES = 4;
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
  /**
   * How many batches the next claim takes at most. Doubles while claims are full; one
   * that is not may have been cut short by its bytes, which leaves a small batch over.
   */
  #most = 1;

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
   * Claims batches that are due, in one step. Never rejects.
   *
   * @param slots how many may go now
   * @returns none if the outbox fails
   */
  async claim(slots: number): Promise<readonly Claim[]> {
    const { bytes } = this.#limit;
    const { batchSize } = this.#options;
    const begun = this.#trigger.claim(this.#clock.monotonic());
    const batches = Math.min(slots, begun.batches, this.#most);
    const limit = batches * batchSize;
    // The bytes of one request for all: then only the count splits them, into no more
    // requests than may go.
    const maxBytes = Math.ceil(bytes * PAYLOAD_SHARE);
    const claim = await this.#claim(begun, limit, maxBytes);
    const isFull = claim?.events.length === limit;
    this.#most = isFull ? Math.min(this.#most * 2, MAX_BATCHES) : 1;
    if (claim === undefined) return [];
    const portions = portionsOf(claim.events, batchSize, bytes);
    // An outbox may have returned more than it was asked for.
    await claim.release(portions.splice(batches).flat());
    return portions.map((portion) => claim.part(portion));
  }

  /**
   * Claims the events among which to choose the one of a probe. Never rejects.
   *
   * @param choice how many
   * @returns `undefined` if there are none, or the outbox fails
   */
  async claimForProbe(choice: number): Promise<Claim | undefined> {
    const begun = this.#trigger.claim(this.#clock.monotonic());
    const claim = await this.#claim(begun, choice, PROBE_CHOICE_BYTES);
    return claim?.events.length === 0 ? undefined : claim;
  }

  async #claim(
    { minAge, end }: BegunClaim,
    limit: number,
    maxBytes: number,
  ): Promise<Claim | undefined> {
    try {
      const lease = leaseFor(this.#options);
      const claim = await this.#access.claim({
        limit,
        maxBytes,
        lease,
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
