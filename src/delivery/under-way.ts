/** Counts work of one kind that is under way, and tells when what was there at a moment has ended. */
export class UnderWay {
  #round: Round = { left: 0, done: () => {} };
  #earlier: Promise<unknown> = Promise.resolve();

  /** Work begins. Pass what this returns to {@link end}. */
  begin(): Round {
    this.#round.left++;
    return this.#round;
  }

  /** Work that began in this round ends. */
  end(round: Round): void {
    round.left--;
    if (round.left === 0) round.done();
  }

  /** Resolves once all that is under way now has ended, whatever begins later. */
  async ended(): Promise<void> {
    const round = this.#round;
    if (round.left > 0) {
      this.#round = { left: 0, done: () => {} };
      const done = new Promise<void>((resolve) => (round.done = resolve));
      this.#earlier = Promise.all([this.#earlier, done]);
    }
    await this.#earlier;
  }
}

/** Work that began between two calls of {@link UnderWay.ended}. */
export interface Round {
  left: number;
  done: () => void;
}
