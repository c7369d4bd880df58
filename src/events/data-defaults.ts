import { asciiJson, type Data, type Fields } from './rules/index.js';

/** Fields that every event's data gets where it lacks them; serialised once, and not with each event. */
export class DataDefaults {
  /** Each as `"name":value`, by its name. */
  readonly #fields: ReadonlyMap<string, string>;
  readonly #all: Uint8Array;

  constructor(defaults: Data) {
    this.#fields = new Map(
      Object.entries(defaults).map(([name, value]) => [
        name,
        `${asciiJson(name)}:${asciiJson(value)}`,
      ]),
    );
    this.#all = bytesOf([...this.#fields.values()]);
  }

  /** Those that `data` lacks, as they stand between the braces of a JSON object. */
  missingIn(data: Readonly<Fields>): Uint8Array {
    for (const name of this.#fields.keys()) {
      if (Object.hasOwn(data, name)) return this.#pick(data);
    }
    return this.#all;
  }

  #pick(data: Readonly<Fields>): Uint8Array {
    const has = (name: string) =>
      Object.hasOwn(data, name) && data[name] !== undefined;
    return bytesOf(
      [...this.#fields].flatMap(([name, field]) => (has(name) ? [] : field)),
    );
  }
}

const bytesOf = (fields: readonly string[]) => Buffer.from(fields.join());
