interface Item<T> {
  readonly value: T;
  readonly weight: number;
  readonly bytes: number;
}

/** The size of the request bodies that one {@link Kept} may represent. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * The newest items in order, bounded by weight and bytes. The newest item
 * always stays, and the weight never drops below the bound: an item goes once
 * the items after it fill the bound without it.
 */
export class Kept<T> {
  readonly #maxWeight: number;
  #items: Item<T>[] = [];
  #head = 0;
  #weight = 0;
  #bytes = 0;

  constructor(maxWeight: number) {
    this.#maxWeight = maxWeight;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Adds the newest item and returns those that had to go. */
  add(value: T, weight: number, bytes: number): T[] {
    this.#items.push({ value, weight, bytes });
    this.#weight += weight;
    this.#bytes += bytes;
    return this.#trim();
  }

  /** Empties it, and returns a function that puts the items back in front. */
  clear(): () => T[] {
    const cleared = this.#items.slice(this.#head);
    this.#replace([]);
    return () => {
      this.#replace([...cleared, ...this.#items.slice(this.#head)]);
      return this.#trim();
    };
  }

  /** The item at `index`, counted from the oldest. */
  at(index: number): T {
    return this.#items[this.#head + index]!.value;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /** The first index whose item satisfies `test`, which must stay true from there on. */
  firstIndex(test: (value: T) => boolean): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (test(this.at(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #replace(items: Item<T>[]): void {
    this.#items = items;
    this.#head = 0;
    this.#weight = items.reduce((sum, { weight }) => sum + weight, 0);
    this.#bytes = items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #trim(): T[] {
    const gone: T[] = [];
    while (this.length > 1 && this.#isOver()) gone.push(this.#shift());
    return gone;
  }

  #isOver(): boolean {
    const oldest = this.#items[this.#head]!;
    return (
      this.#weight - oldest.weight >= this.#maxWeight || this.#bytes > MAX_BYTES
    );
  }

  #shift(): T {
    const oldest = this.#items[this.#head]!;
    this.#head++;
    this.#weight -= oldest.weight;
    this.#bytes -= oldest.bytes;
    // Cutting the front off only now and then keeps shifting cheap.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return oldest.value;
  }
}
