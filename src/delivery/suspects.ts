/** The most events that are remembered; the first ones are forgotten first. */
const MAX_SUSPECTS = 1000;

interface Suspect {
  /** How many requests had got through when it was last refused. */
  successes: number;
  /** How often it was refused although others had got through since the time before. */
  evidence: number;
}

/**
 * Events that were refused while they were alone in their request. Whether such
 * an event is to blame, or the account, shows by what else gets through.
 */
export class Suspects {
  readonly #byId = new Map<string, Suspect>();

  /**
   * An event was refused, alone.
   *
   * @param successes how many requests have got through so far
   * @returns how often it was refused although others had got through since the
   *   time before; 0 proves nothing against it
   */
  refused(id: string, successes: number): number {
    const suspect = this.#byId.get(id);
    if (suspect === undefined) {
      this.#byId.set(id, { successes, evidence: 0 });
      if (this.#byId.size > MAX_SUSPECTS) this.#forgetFirst();
      return 0;
    }
    if (successes > suspect.successes) {
      suspect.successes = successes;
      suspect.evidence++;
    }
    return suspect.evidence;
  }

  /** These events were delivered or given up. */
  forget(events: readonly { readonly id: string }[]): void {
    if (this.#byId.size === 0) return;
    for (const { id } of events) this.#byId.delete(id);
  }

  #forgetFirst(): void {
    for (const id of this.#byId.keys()) {
      this.#byId.delete(id);
      return;
    }
  }
}
