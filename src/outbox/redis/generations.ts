/**
 * Under which numbers this process appends: another one from each checkpoint on,
 * so that Redis can count what is pending of those before.
 */
export class Generations {
  #current = 0;
  /** Those of which something may be pending, or come yet, with how many appends of each are under way. */
  readonly #underWay = new Map<number, number>();

  /** An append begins; call {@link ended} with what this returns. */
  began(): number {
    this.#change(this.#current, 1);
    return this.#current;
  }

  ended(generation: number): void {
    this.#change(generation, -1);
  }

  /** A checkpoint: returns the generations before it, and begins another one. */
  next(): number[] {
    const before = [...this.#underWay.keys()];
    if (before.includes(this.#current)) this.#current++;
    return before;
  }

  /** Whether no more appends can come of a generation. */
  isOver(generation: number): boolean {
    return generation < this.#current && this.#underWay.get(generation) === 0;
  }

  /** Nothing of it is pending and nothing will come: no checkpoint asks for it again. */
  forget(generation: number): void {
    this.#underWay.delete(generation);
  }

  #change(generation: number, by: number): void {
    const underWay = this.#underWay.get(generation) ?? 0;
    this.#underWay.set(generation, underWay + by);
  }
}
