import type { OutboxCheckpoint } from './outbox.js';

interface Open {
  readonly before: number;
  left: number;
}

/**
 * Counts down, for each open checkpoint, the events before it that are still
 * pending. For outboxes that no other process shares, whose events have a
 * sequence number.
 */
export class Checkpoints {
  #open: readonly Open[] = [];

  /**
   * @param before the sequence number of the next event to be appended
   * @param pending how many events are pending now
   */
  mark(before: number, pending: number): OutboxCheckpoint {
    const checkpoint: Open = { before, left: pending };
    this.#open = [...this.#open, checkpoint];
    return {
      pending: () => checkpoint.left,
      close: () => {
        this.#open = this.#open.filter((other) => other !== checkpoint);
      },
    };
  }

  /** The event with this number is no longer pending. */
  forgotten(sequence: number): void {
    for (const checkpoint of this.#open) {
      if (sequence < checkpoint.before) checkpoint.left--;
    }
  }
}
