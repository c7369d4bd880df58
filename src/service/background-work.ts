/** Work that nobody awaits, such as making a decorator's events, so that a flush can. */
export class BackgroundWork {
  readonly #underWay = new Set<Promise<void>>();

  /** `work` must not reject. */
  add(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  /** Resolves when all that has been added so far is done. */
  async done(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
