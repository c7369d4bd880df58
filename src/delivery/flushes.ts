import { type Clock, within } from '../clock.js';
import type { OutboxCheckpoint } from '../outbox/index.js';
import type { BatchTrigger } from './batch-trigger.js';
import type { OutboxAccess } from './outbox-access.js';

/** A call of `flush` under way. */
interface Flush {
  readonly checkpoint: OutboxCheckpoint;
  /** When it ends at the latest, on the monotonic clock. */
  readonly deadline: number;
  resolve(): void;
}

/** Calls of `flush`, which all wait for the same deliveries. */
export class Flushes {
  readonly #access: OutboxAccess;
  readonly #trigger: BatchTrigger;
  readonly #clock: Clock;
  readonly #waiting = new Set<Flush>();
  #asking = false;
  #askAgain = false;
  #isOver = false;

  constructor(access: OutboxAccess, trigger: BatchTrigger, clock: Clock) {
    this.#access = access;
    this.#trigger = trigger;
    this.#clock = clock;
  }

  /** Whether one is under way. */
  get any(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Sends everything accepted before the call, without waiting for batches to
   * fill. Resolves when it is delivered or given up, after `timeout` ms, or as
   * soon as it is clear that nothing can be sent before then.
   */
  async flush(timeout: number): Promise<{ pending: number }> {
    const flush = this.#flush(this.#clock.monotonic() + timeout);
    const late = () => this.#access.counts().pending;
    return { pending: await within(this.#clock, timeout, flush, late, true) };
  }

  /** Ends those that have nothing left to wait for. Asks one at a time; a call meanwhile makes it ask once more. */
  async endDone(): Promise<void> {
    this.#askAgain = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#askAgain && this.any) {
      this.#askAgain = false;
      await this.#endDone();
    }
    this.#asking = false;
  }

  /**
   * Ends those that have timed out, or will before anything can be sent.
   *
   * @param stuckUntil when something can be sent again, on the monotonic clock
   */
  endLate(stuckUntil: number): void {
    const now = this.#clock.monotonic();
    for (const flush of this.#waiting) {
      const { deadline } = flush;
      if (now >= deadline || stuckUntil > deadline) this.#end(flush);
    }
  }

  /** Ends all of them, and those to come: nothing more is sent. */
  end(): void {
    this.#isOver = true;
    for (const flush of this.#waiting) this.#end(flush);
  }

  async #flush(deadline: number): Promise<number> {
    await this.#access.firstOpened();
    if (!this.#access.isOpen) return this.#access.counts().pending;
    this.#trigger.wantAll(this.#clock.monotonic());
    await this.#access.appendsEnded();
    const checkpoint = await this.#access.checkpoint();
    try {
      const ended = this.#wait(checkpoint, deadline);
      // Events that came in while the mark was set are before it, too.
      this.#trigger.wantAll(this.#clock.monotonic());
      await ended;
      return await checkpoint.pending();
    } catch (error) {
      this.#access.failed('count', error);
      return this.#access.counts().pending;
    } finally {
      checkpoint.close();
    }
  }

  /** Resolves when nothing before the checkpoint is pending, or when it is seen that time is over. */
  async #wait(checkpoint: OutboxCheckpoint, deadline: number): Promise<void> {
    if (this.#isOver) return;
    await new Promise<void>((resolve) => {
      this.#waiting.add({ checkpoint, deadline, resolve });
    });
  }

  async #endDone(): Promise<void> {
    try {
      for (const flush of this.#waiting) {
        if ((await flush.checkpoint.pending()) === 0) this.#end(flush);
      }
    } catch (error) {
      this.#access.failed('count', error);
    }
  }

  #end(flush: Flush): void {
    this.#waiting.delete(flush);
    flush.resolve();
  }
}
