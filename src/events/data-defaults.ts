import { asciiJson, type Data, type Fields } from './rules/index.js';

/** Fields that every event's data gets where it lacks them; serialised once, and not with each event. */
export class DataDefaults {
  readonly #names: readonly string[];
  /** Each as `"name":value`. */
  readonly #fields: readonly string[];
  readonly #all: Uint8Array;

  constructor(defaults: Data) {
    const entries = Object.entries(defaults);
    this.#names = entries.map(([name]) => name);
    this.#fields = entries.map(
      ([name, value]) => `${asciiJson(name)}:${asciiJson(value)}`,
    );
    this.#all = Buffer.from(this.#fields.join());
  }

  /** Those that `data` lacks, as they stand between the braces of a JSON object. */
  missingIn(data: Readonly<Fields>): Uint8Array {
    for (const name of this.#names) {
      if (Object.hasOwn(data, name)) return this.#pick(data);
    }
    return this.#all;
  }

  #pick(data: Readonly<Fields>): Uint8Array {
    const missing = this.#fields.filter(
      (_, i) => data[this.#names[i] ?? ''] === undefined,
    );
    return Buffer.from(missing.join());
  }
}
