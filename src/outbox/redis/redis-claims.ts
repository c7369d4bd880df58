import type { ClaimedEvent, ClaimRequest, DeadLetterCause } from '../outbox.js';
import { deadLetter } from './dead-letter-scripts.js';
import * as scripts from './claim-scripts.js';
import { type Claimed, toClaimedEvents, toHeld } from './chunks.js';
import type { RedisScripts } from './redis-scripts.js';

/** The claims of one process on a Redis outbox. */
export class RedisClaims {
  readonly #scripts: RedisScripts;
  readonly #process: string;
  readonly #ready: () => void;
  #count = 0;
  /** Tokens of claims whose answers were lost. */
  readonly #lost = new Set<string>();

  /** @param ready called when events may be claimable again */
  constructor(redis: RedisScripts, process: string, ready: () => void) {
    this.#scripts = redis;
    this.#process = process;
    this.#ready = ready;
  }

  async claim({
    limit,
    maxBytes = Number.MAX_SAFE_INTEGER,
    lease,
    minAge = 0,
  }: ClaimRequest): Promise<readonly ClaimedEvent[]> {
    await this.#giveBackLost();
    const token = `${this.#process}/${++this.#count}`;
    try {
      const claimed = await this.#scripts.run<Claimed>(
        scripts.claim,
        [token, limit, maxBytes, lease, minAge],
        () => void this.#giveBack(token),
      );
      return toClaimedEvents(claimed, token);
    } catch (error) {
      this.#lost.add(token);
      throw error;
    }
  }

  acknowledge(events: readonly ClaimedEvent[]): Promise<number> {
    return this.#scripts.run(scripts.acknowledge, toHeld(events));
  }

  async release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): Promise<void> {
    const args = [delay, failed ? 1 : 0, ...toHeld(events)];
    await this.#scripts.run(scripts.release, args);
  }

  deadLetter(
    events: readonly ClaimedEvent[],
    { reason, status, message }: DeadLetterCause,
  ): Promise<number> {
    const cause = JSON.stringify({ reason, status, message });
    return this.#scripts.run(deadLetter, [cause, ...toHeld(events)]);
  }

  /** Makes events of a claim whose caller is gone due at once, instead of after their lease. */
  async #giveBack(token: string): Promise<void> {
    try {
      const count = await this.#scripts.run<number>(scripts.giveBack, [token]);
      if (count > 0) this.#ready();
    } catch {
      // They become due when their lease ends.
    }
  }

  /** @throws OdpOutboxError if Redis is still away */
  async #giveBackLost(): Promise<void> {
    if (this.#lost.size === 0) return;
    const tokens = [...this.#lost];
    await this.#scripts.run(scripts.giveBack, tokens);
    for (const token of tokens) this.#lost.delete(token);
  }
}
