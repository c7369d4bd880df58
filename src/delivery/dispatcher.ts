import type { BatchClaims } from './batch-claims.js';
import type { Claim } from './claim.js';
import type { ExpiryScan } from './expiry-scan.js';
import type { Flushes } from './flushes.js';
import type { OutboxAccess } from './outbox-access.js';
import type { RequestSlots } from './request-slots.js';
import type { WakeTimer } from './wake-timer.js';

/**
 * Schedules deliveries: claims batches that are due, one claim at a time, has as
 * many delivered at once as there are slots, and sleeps until there is more to do.
 */
export class Dispatcher {
  readonly #access: OutboxAccess;
  readonly #claims: BatchClaims;
  readonly #slots: RequestSlots;
  readonly #expiryScan: ExpiryScan;
  readonly #flushes: Flushes;
  readonly #wakeTimer: WakeTimer;
  #claiming: Promise<void> | undefined;

  constructor(
    access: OutboxAccess,
    claims: BatchClaims,
    slots: RequestSlots,
    expiryScan: ExpiryScan,
    flushes: Flushes,
    wakeTimer: WakeTimer,
  ) {
    this.#access = access;
    this.#claims = claims;
    this.#slots = slots;
    this.#expiryScan = expiryScan;
    this.#flushes = flushes;
    this.#wakeTimer = wakeTimer;
  }

  /** Runs until the app has ended or closed the store. */
  async run(): Promise<void> {
    while (!this.#access.isOver) {
      // Even if the outbox does not answer.
      this.#flushes.endLate(this.#slots.nextRequestAt);
      void this.#flushes.endDone();
      this.#claiming ??= this.#begin();
      await this.#wakeTimer.sleep(this.#nextWake);
    }
    this.#wakeTimer.off();
    this.#flushes.end();
  }

  /** Resolves once what is under way now has ended. */
  async idle(): Promise<void> {
    await this.#claiming;
    await this.#slots.idle();
  }

  /** Claims what is due, if anything. */
  #begin(): Promise<void> | undefined {
    const claiming = this.#wakeTimer.isPast(this.#claimAt)
      ? this.#claim()
      : this.#wakeTimer.isPast(this.#scanAt)
        ? this.#expiryScan.run()
        : undefined;
    return claiming?.then(() => {
      this.#claiming = undefined;
      this.#wakeTimer.wake();
    });
  }

  /** Claims batch after batch, as long as one is due and a slot is free for it. */
  async #claim(): Promise<void> {
    while (this.#wakeTimer.isPast(this.#claimAt)) {
      const { probeChoice, free } = this.#slots;
      if (probeChoice === undefined) {
        const claims = await this.#claims.claim(free);
        // A request may have failed while the outbox answered.
        if (this.#slots.probeChoice === undefined) {
          for (const claim of claims) void this.#deliver(claim);
        } else {
          await Promise.all(claims.map((claim) => claim.release(claim.events)));
        }
      } else {
        const claim = await this.#claims.claimForProbe(probeChoice);
        if (claim !== undefined) void this.#probe(claim);
      }
    }
  }

  async #deliver(claim: Claim): Promise<void> {
    await this.#slots.deliver(claim, false);
    this.#wakeTimer.wake();
  }

  async #probe(claim: Claim): Promise<void> {
    await this.#slots.deliver(claim, true);
    // The other events waited for its outcome.
    this.#claims.wantAll();
  }

  get #claimAt(): number {
    return Math.max(this.#claims.dueAt, this.#slots.freeAt);
  }

  /** While events are sent, old ones are given up by the way. */
  get #scanAt(): number {
    return this.#slots.isStopped ? this.#expiryScan.dueAt : Infinity;
  }

  /** When to wake, unless the end of a claim or a delivery does so before. */
  get #nextWake(): number {
    return this.#claiming === undefined
      ? Math.min(this.#claimAt, this.#scanAt)
      : Infinity;
  }
}
