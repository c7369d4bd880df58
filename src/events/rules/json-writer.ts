import { LONGEST_EVENT } from './length.js';
import { isFieldName } from './text.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** What most events need; larger ones let it grow. */
const SIZE = 1024;
/** What a UTF-16 unit takes at most in UTF-8. */
const BYTES_PER_UNIT = 3;
const MOST_BYTES = LONGEST_EVENT * BYTES_PER_UNIT;
/** Names are mostly the same ones; hostile ones must not pile up. */
const MOST_KNOWN_NAMES = 1000;
const LONGEST_KNOWN_NAME = 64;

/**
 * Writes an object as JSON, field by field, into one buffer that serves event
 * after event. Nearly all of an event is names that were seen before and short
 * ASCII text, which are copied as they are; `JSON.stringify` would have to be
 * given a completed copy of the event first. Other text is left to it.
 */
export class JsonWriter {
  readonly #names = new Map<string, Uint8Array>();
  #bytes = Buffer.allocUnsafe(SIZE);
  #end = 0;
  #ascii = true;
  #tooLong = false;

  /** Begins anew, with the object's opening brace. */
  begin(): void {
    this.#end = 0;
    this.#ascii = true;
    this.#tooLong = false;
    this.#byte(OPEN);
  }

  /** Ends the object. Returns its text; `undefined` where that is longer than an event may be. */
  end(): string | undefined {
    this.#byte(CLOSE);
    if (this.#tooLong) return undefined;
    // The same for ASCII, and sooner done.
    const encoding = this.#ascii ? 'latin1' : 'utf8';
    const text = this.#bytes.toString(encoding, 0, this.#end);
    return text.length > LONGEST_EVENT ? undefined : text;
  }

  /** A field; an `undefined` one is left out. Returns whether it may be named so. */
  field(
    name: string,
    value: string | number | boolean | null | undefined,
  ): boolean {
    if (value === undefined) return isFieldName(name);
    if (!this.#name(name)) return false;
    if (typeof value === 'string') this.#string(value);
    else this.#plain(String(value));
    return true;
  }

  /** All of these fields. */
  fields(fields: Readonly<Record<string, string>>): void {
    for (const name of Object.keys(fields)) this.field(name, fields[name]);
  }

  /** Fields that are {@link asciiJson} already, as they stand between the braces. */
  written(fields: Uint8Array): void {
    if (fields.length === 0) return;
    this.#separate();
    this.#copy(fields);
  }

  /** Begins an object: a field of this name, or an item of a list. */
  open(name?: string): void {
    if (name === undefined) this.#separate();
    else this.#name(name);
    this.#byte(OPEN);
  }

  close(): void {
    this.#byte(CLOSE);
  }

  /** Begins a list: a field of this name. */
  openList(name: string): void {
    this.#name(name);
    this.#byte(OPEN_LIST);
  }

  closeList(): void {
    this.#byte(CLOSE_LIST);
  }

  #name(name: string): boolean {
    const known = this.#names.get(name) ?? this.#encode(name);
    if (known === undefined) return false;
    this.#separate();
    this.#copy(known);
    return true;
  }

  #encode(name: string): Uint8Array | undefined {
    if (!isFieldName(name)) return undefined;
    const bytes = Buffer.from(`${asciiJson(name)}:`);
    const keep =
      this.#names.size < MOST_KNOWN_NAMES && name.length <= LONGEST_KNOWN_NAME;
    if (keep) this.#names.set(name, bytes);
    return bytes;
  }

  #separate(): void {
    const last = this.#bytes[this.#end - 1];
    if (last !== OPEN && last !== OPEN_LIST) this.#byte(COMMA);
  }

  #string(text: string): void {
    const { length } = text;
    if (!this.#hasRoom(length + 2)) return;
    const bytes = this.#bytes;
    let at = this.#end;
    bytes[at++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) {
        this.#escaped(text);
        return;
      }
      bytes[at++] = unit;
    }
    bytes[at++] = QUOTE;
    this.#end = at;
  }

  #escaped(text: string): void {
    // Half of a cut-off emoji is common in user text and no reason to lose the event.
    const json = JSON.stringify(text.toWellFormed());
    if (!this.#hasRoom(json.length * BYTES_PER_UNIT)) return;
    this.#end += this.#bytes.write(json, this.#end);
    this.#ascii = false;
  }

  /** ASCII that needs no quotes. */
  #plain(text: string): void {
    if (!this.#hasRoom(text.length)) return;
    const bytes = this.#bytes;
    let at = this.#end;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#end = at;
  }

  #copy(bytes: Uint8Array): void {
    if (!this.#hasRoom(bytes.length)) return;
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #byte(byte: number): void {
    if (this.#hasRoom(1)) this.#bytes[this.#end++] = byte;
  }

  /** Makes room; once that is too much, nothing more is written. */
  #hasRoom(size: number): boolean {
    return this.#end + size <= this.#bytes.length || this.#grow(size);
  }

  #grow(size: number): boolean {
    const needed = this.#end + size;
    this.#tooLong ||= needed > MOST_BYTES;
    if (this.#tooLong) return false;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(needed, 2 * this.#bytes.length),
    );
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
    return true;
  }
}

/** JSON in nothing but ASCII: what else there is, is escaped. */
export const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
