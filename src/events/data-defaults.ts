import { isAscii } from 'node:buffer';
import { EventIds, ID_LENGTH } from './event-ids.js';
import type { Data, Fields, JsonWriter } from './rules/index.js';

const ID = 'idempotence_id';
const TIME = 'ts';
/** The offset of the id in the piece that most events get, which starts with it. */
const ID_AT = `"${ID}":"`.length;

/**
 * The defaults of every event's data: an id, the time, and fields that are always
 * the same. Most events lack all of them, and get them in one piece in which only
 * the id differs.
 */
export class DataDefaults {
  /** Each as JSON, by its name. */
  readonly #fields = new Map<string, string>();
  readonly #ids = new EventIds();
  readonly #stampTime: boolean;
  #second: number | undefined;
  /** All defaults, as JSON. */
  #piece: Buffer;
  /** Whether that is ASCII. */
  readonly #ascii: boolean;

  constructor(fields: Data, stampTime: boolean) {
    this.#stampTime = stampTime;
    this.#fields.set(ID, `"${' '.repeat(ID_LENGTH)}"`);
    if (stampTime) this.#fields.set(TIME, '0');
    for (const [name, value] of Object.entries(fields)) {
      this.#fields.set(name, JSON.stringify(value));
    }
    this.#piece = this.#pieceOf(this.#fields.keys());
    this.#ascii = isAscii(this.#piece);
  }

  /** Writes what `data` lacks. Returns the event's id. */
  complete(
    data: Readonly<Fields>,
    createdAt: number,
    json: JsonWriter,
  ): string {
    if (this.#stampTime) this.#setTime(Math.floor(createdAt / 1000));
    for (const name of this.#fields.keys()) {
      if (Object.hasOwn(data, name)) return this.#completeSome(data, json);
    }
    return this.#write(this.#piece, json);
  }

  #setTime(second: number): void {
    if (second === this.#second) return;
    this.#second = second;
    this.#fields.set(TIME, String(second));
    this.#piece = this.#pieceOf(this.#fields.keys());
  }

  #completeSome(data: Readonly<Fields>, json: JsonWriter): string {
    const lacks = (name: string) =>
      !Object.hasOwn(data, name) || data[name] === undefined;
    const piece = this.#pieceOf([...this.#fields.keys()].filter(lacks));
    if (lacks(ID)) return this.#write(piece, json);
    json.written(piece, this.#ascii);
    // An id that is not a string has been reported already.
    const { [ID]: given } = data;
    return typeof given === 'string' ? given.toWellFormed() : '';
  }

  #write(piece: Buffer, json: JsonWriter): string {
    const id = this.#ids.write(piece, ID_AT);
    json.written(piece, this.#ascii);
    return id;
  }

  #pieceOf(names: Iterable<string>): Buffer {
    let piece = '';
    for (const name of names) {
      piece += `${JSON.stringify(name)}:${this.#fields.get(name)},`;
    }
    return Buffer.from(piece);
  }
}
