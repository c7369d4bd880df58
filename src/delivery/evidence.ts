/** How many events are remembered; the oldest are forgotten first. */
const MAX_SUSPECTS = 10_000;
/**
 * How many answers that name events are believed while nothing gets through. A
 * proxy that answers so to everything would have each event given up in turn.
 */
const MAX_VERDICTS_IN_A_ROW = 12;

interface Suspect {
  /** The mark of its last failure. */
  failedAt: number | undefined;
  /** The mark of its last refusal, alone in its request. */
  refusedAt: number | undefined;
  /** How often it was refused although others had got through since its previous refusal. */
  evidence: number;
}

/**
 * Shows whether an event is to blame for its failures, or the line or the account:
 * what matters is what else gets through. Only requests that started after the
 * failure count, since earlier ones show how things were before.
 */
export class Evidence {
  readonly #suspects = new Map<string, Suspect>();
  #started = 0;
  #latest = 0;
  #throughs = 0;
  #verdicts = 0;

  /** How many requests have got through. */
  get throughs(): number {
    return this.#throughs;
  }

  /** The present, as {@link gotThroughSince} takes it. */
  get mark(): number {
    return this.#started;
  }

  /** Whether a request that started after `mark` got through. */
  gotThroughSince(mark: number): boolean {
    return this.#latest > mark;
  }

  /** A request starts. Pass what this returns to {@link gotThrough}. */
  start(): number {
    return ++this.#started;
  }

  /** A request got through. */
  gotThrough(request: number): void {
    this.#throughs++;
    this.#verdicts = 0;
    this.#latest = Math.max(this.#latest, request);
  }

  /**
   * An answer names events as invalid.
   *
   * @param each whether it names each of several, which something that does not
   *   read them could not do
   * @returns whether to believe it
   */
  verdict(each: boolean): boolean {
    this.#verdicts = each ? 0 : this.#verdicts + 1;
    return this.#verdicts <= MAX_VERDICTS_IN_A_ROW;
  }

  /**
   * These events were delivered. If one of them had been refused before, refusals
   * are random, and prove nothing against other events either.
   */
  delivered(events: readonly { readonly id: string }[]): void {
    if (this.#suspects.size === 0) return;
    const random = events.some(
      ({ id }) => this.#suspects.get(id)?.refusedAt !== undefined,
    );
    for (const { id } of events) this.#suspects.delete(id);
    if (!random) return;
    for (const suspect of this.#suspects.values()) suspect.evidence = 0;
  }

  /** A request of these events failed. Returns whether others have got through since one of them failed before. */
  failed(events: readonly { readonly id: string }[]): boolean {
    let others = false;
    for (const { id } of events) {
      const suspect = this.#of(id);
      const { failedAt = Infinity } = suspect;
      suspect.failedAt = this.mark;
      others ||= this.gotThroughSince(failedAt);
    }
    return others;
  }

  /**
   * This event was refused, alone in its request.
   *
   * @returns how often it was refused although others had got through since the
   *   previous refusal; 0 proves nothing against it
   */
  refused(id: string): number {
    const suspect = this.#of(id);
    const { refusedAt = Infinity } = suspect;
    suspect.refusedAt = this.mark;
    if (this.gotThroughSince(refusedAt)) suspect.evidence++;
    return suspect.evidence;
  }

  /** Whether the event was refused again although others had got through. */
  suspects({ id }: { readonly id: string }): boolean {
    return (this.#suspects.get(id)?.evidence ?? 0) > 0;
  }

  /** This event was given up. */
  forget(id: string): void {
    this.#suspects.delete(id);
  }

  /** Key and host have changed: events that the old account refused may be accepted now. */
  acquit(): void {
    this.#suspects.clear();
    this.#verdicts = 0;
  }

  #of(id: string): Suspect {
    let suspect = this.#suspects.get(id);
    if (suspect === undefined) {
      suspect = { failedAt: undefined, refusedAt: undefined, evidence: 0 };
      this.#suspects.set(id, suspect);
      if (this.#suspects.size > MAX_SUSPECTS) this.#forgetFirst();
    }
    return suspect;
  }

  #forgetFirst(): void {
    for (const id of this.#suspects.keys()) {
      this.#suspects.delete(id);
      return;
    }
  }
}
