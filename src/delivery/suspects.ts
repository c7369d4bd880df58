/** The most events that are remembered; the first ones are forgotten first. */
const MAX_SUSPECTS = 1000;

interface Suspect {
  /** How many requests had got through when it last failed. */
  successes: number;
  /** How often it was refused although others had got through since the time before. */
  evidence: number;
  refused: boolean;
}

/**
 * Events that failed or were refused. Whether such an event is to blame, or the
 * line or the account, shows by what else gets through.
 */
export class Suspects {
  readonly #byId = new Map<string, Suspect>();

  /**
   * A request that held this event failed.
   *
   * @param successes how many requests have got through so far
   * @returns whether others have got through since it failed the time before
   */
  failed(id: string, successes: number): boolean {
    const suspect = this.#of(id, successes);
    const others = successes > suspect.successes;
    suspect.successes = successes;
    return others;
  }

  /**
   * This event was refused, alone in its request.
   *
   * @param successes how many requests have got through so far
   * @returns how often it was refused although others had got through since the
   *   time before; 0 proves nothing against it
   */
  refused(id: string, successes: number): number {
    const suspect = this.#of(id, successes);
    suspect.refused = true;
    if (this.failed(id, successes)) suspect.evidence++;
    return suspect.evidence;
  }

  /**
   * These events were delivered. If one of them had been refused before, what
   * refuses does so at random, and proves nothing against others either.
   */
  delivered(events: readonly { readonly id: string }[]): void {
    if (this.#byId.size === 0) return;
    const random = events.some(({ id }) => this.#byId.get(id)?.refused);
    for (const { id } of events) this.#byId.delete(id);
    if (!random) return;
    for (const suspect of this.#byId.values()) suspect.evidence = 0;
  }

  /** This event was given up. */
  forget(id: string): void {
    this.#byId.delete(id);
  }

  #of(id: string, successes: number): Suspect {
    let suspect = this.#byId.get(id);
    if (suspect === undefined) {
      suspect = { successes, evidence: 0, refused: false };
      this.#byId.set(id, suspect);
      if (this.#byId.size > MAX_SUSPECTS) this.#forgetFirst();
    }
    return suspect;
  }

  #forgetFirst(): void {
    for (const id of this.#byId.keys()) {
      this.#byId.delete(id);
      return;
    }
  }
}
