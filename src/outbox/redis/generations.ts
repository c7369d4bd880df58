/**
 * The numbers under which this process appends: a new one after each checkpoint, so
 * that Redis can count what is pending of earlier ones.
 */
export class Generations {
  #current = 0;
  /** Generations that may have pending events or get more, with the number of appends under way. */
  readonly #underWay = new Map<number, number>();

  /** An append starts; call {@link ended} with what this returns. */
  began(): number {
    this.#change(this.#current, 1);
    return this.#current;
  }

  ended(generation: number): void {
    this.#change(generation, -1);
  }

  /** A checkpoint: returns the generations before it, and starts a new one. */
  next(): number[] {
    const before = [...this.#underWay.keys()];
    if (before.includes(this.#current)) this.#current++;
    return before;
  }

  /** Whether a generation gets no more appends. */
  isOver(generation: number): boolean {
    return generation < this.#current && this.#underWay.get(generation) === 0;
  }

  /** Nothing of it is pending, and nothing will follow: no checkpoint asks for it again. */
  forget(generation: number): void {
    this.#underWay.delete(generation);
  }

  #change(generation: number, by: number): void {
    const underWay = this.#underWay.get(generation) ?? 0;
    this.#underWay.set(generation, underWay + by);
  }
}
