/** What a UTF-16 unit takes at most in UTF-8. */
const BYTES_PER_UNIT = 3;

/**
 * How many bytes of UTF-8 texts may take together. They are only measured once they
 * might be too long: that takes longer than to send them.
 */
export class ByteBudget {
  #left: number;
  #unmeasured: string[] = [];
  #units = 0;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Spends what a text takes. Returns whether all of them are within the budget. */
  spend(text: string): boolean {
    this.#unmeasured.push(text);
    this.#units += text.length;
    if (this.#units * BYTES_PER_UNIT <= this.#left) return true;
    for (const one of this.#unmeasured) this.#left -= Buffer.byteLength(one);
    this.#unmeasured = [];
    this.#units = 0;
    return this.#left >= 0;
  }
}
