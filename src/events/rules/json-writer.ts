import { isAscii } from 'node:buffer';
import { MAX_EVENT_LENGTH } from './length.js';
import { isFieldName } from './text.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Enough for most events; it grows for larger ones. */
const SIZE = 1024;
/** The most that a UTF-16 unit takes in UTF-8. */
const BYTES_PER_UNIT = 3;
/** Around a value: quotes and a comma. */
const AROUND = 3;
const MAX_BYTES = (MAX_EVENT_LENGTH + AROUND) * BYTES_PER_UNIT;
/** Most names recur; hostile ones must not pile up. */
const MAX_CACHED_NAMES = 1000;
const MAX_CACHED_LENGTH = 64;
const NONE = new Uint8Array();

/** A field's name. */
interface Name {
  /** As it is written, with its colon. */
  readonly bytes: Uint8Array;
  /** Whether that is ASCII. */
  readonly ascii: boolean;
}

/**
 * Writes an object as JSON, field by field, into a buffer that is reused for every
 * event. Events consist mostly of known names and short ASCII text, which are
 * copied as they are; other text is left to `JSON.stringify`, which for all of it
 * would need a complete copy of the event first.
 */
export class JsonWriter {
  readonly #names = new Map<string, Name>();
  #bytes = Buffer.allocUnsafe(SIZE);
  /** A comma precedes it, except at the start of an object or list. */
  #end = 0;
  #ascii = true;
  #tooLong = false;

  /** Starts over, with the object's opening brace. */
  begin(): void {
    this.#end = 0;
    this.#ascii = true;
    this.#tooLong = false;
    this.#begin(OPEN);
  }

  /** Ends the object. Returns its text; `undefined` if it is longer than an event may be. */
  end(): string | undefined {
    this.#finish(CLOSE);
    if (this.#tooLong) return undefined;
    // The same for ASCII, and faster.
    const encoding = this.#ascii ? 'latin1' : 'utf8';
    const text = this.#bytes.toString(encoding, 0, this.#end - 1);
    return text.length > MAX_EVENT_LENGTH ? undefined : text;
  }

  /** Writes a field, unless it is `undefined`. Returns whether its name is allowed. */
  field(
    name: string,
    value: string | number | boolean | null | undefined,
  ): boolean {
    const before = this.#name(name);
    if (before === undefined) return false;
    if (value === undefined) return true;
    const quoted = typeof value === 'string';
    const text = quoted ? value : String(value);
    const { length } = text;
    let at = this.#end;
    const size = before.length + length + AROUND;
    if (at + size > this.#bytes.length && !this.#grow(size)) return true;
    const bytes = this.#bytes;
    bytes.set(before, at);
    at += before.length;
    if (quoted) bytes[at++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) {
        this.#end += before.length;
        this.#escaped(text);
        return true;
      }
      bytes[at++] = unit;
    }
    if (quoted) bytes[at++] = QUOTE;
    bytes[at++] = COMMA;
    this.#end = at;
    return true;
  }

  /**
   * Writes fields that are JSON already, each with a comma after it.
   *
   * @param ascii whether they are ASCII
   */
  written(fields: Uint8Array, ascii: boolean): void {
    this.#ascii &&= ascii;
    this.#copy(fields);
  }

  /** Starts an object: a field of this name, or an item of a list. */
  open(name?: string): void {
    if (name !== undefined) this.#copy(this.#name(name) ?? NONE);
    this.#begin(OPEN);
  }

  close(): void {
    this.#finish(CLOSE);
  }

  /** Starts a list: a field of this name. */
  openList(name: string): void {
    this.#copy(this.#name(name) ?? NONE);
    this.#begin(OPEN_LIST);
  }

  closeList(): void {
    this.#finish(CLOSE_LIST);
  }

  /** A name as it is written; `undefined` if it is not allowed. */
  #name(text: string): Uint8Array | undefined {
    const name = this.#names.get(text) ?? this.#remember(text);
    if (name === undefined) {
      if (!isFieldName(text)) return undefined;
      this.#ascii = false;
      return bytesOf(text);
    }
    this.#ascii &&= name.ascii;
    return name.bytes;
  }

  #remember(text: string): Name | undefined {
    const known = this.#names.size;
    if (known === MAX_CACHED_NAMES || text.length > MAX_CACHED_LENGTH)
      return undefined;
    if (!isFieldName(text)) return undefined;
    const bytes = bytesOf(text);
    const name = { bytes, ascii: isAscii(bytes) };
    this.#names.set(text, name);
    return name;
  }

  #escaped(text: string): void {
    // Half an emoji is common in text that was cut, and no reason to lose the event.
    const json = `${JSON.stringify(text.toWellFormed())},`;
    if (!this.#hasRoom(json.length * BYTES_PER_UNIT)) return;
    this.#end += this.#bytes.write(json, this.#end);
    this.#ascii = false;
  }

  #copy(bytes: Uint8Array): void {
    if (!this.#hasRoom(bytes.length)) return;
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #begin(bracket: number): void {
    if (this.#hasRoom(1)) this.#bytes[this.#end++] = bracket;
  }

  /** Ends an object or a list, replacing the comma after its last item. */
  #finish(bracket: number): void {
    if (!this.#hasRoom(2)) return;
    if (this.#bytes[this.#end - 1] === COMMA) this.#end--;
    this.#bytes[this.#end++] = bracket;
    this.#bytes[this.#end++] = COMMA;
  }

  /** Grows the buffer; once the event is too long, nothing more is written. */
  #hasRoom(size: number): boolean {
    return this.#end + size <= this.#bytes.length || this.#grow(size);
  }

  #grow(size: number): boolean {
    const needed = this.#end + size;
    this.#tooLong ||= needed > MAX_BYTES;
    if (this.#tooLong) return false;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(needed, 2 * this.#bytes.length),
    );
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
    return true;
  }
}

/**
 * In UTF-8, with only the escapes that JSON demands: some versions of V8 misread a
 * name written as `"\u00fc"` if another name is just a quote or a backslash.
 */
const bytesOf = (name: string) => Buffer.from(`${JSON.stringify(name)}:`);
