/** What a UTF-16 unit takes at most in UTF-8. */
const BYTES_PER_UNIT = 3;

/**
 * How many bytes of UTF-8 texts may take together. They are only measured once they
 * might be too long: that takes longer than to send them.
 */
export class ByteBudget {
  readonly #between: number;
  #left: number;
  #unmeasured: string[] = [];
  #units = 0;

  /** @param between what each text takes beyond itself */
  constructor(bytes: number, between = 0) {
    this.#left = bytes;
    this.#between = between;
  }

  /** Spends what a text takes. Returns whether all of them are within the budget. */
  spend(text: string): boolean {
    this.#unmeasured.push(text);
    this.#units += text.length;
    this.#left -= this.#between;
    if (this.#units * BYTES_PER_UNIT <= this.#left) return true;
    for (const one of this.#unmeasured) this.#left -= Buffer.byteLength(one);
    this.#unmeasured = [];
    this.#units = 0;
    return this.#left >= 0;
  }
}
