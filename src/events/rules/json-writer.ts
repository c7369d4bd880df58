import { isAscii } from 'node:buffer';
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
/** What stands around a value: quotes and a comma. */
const AROUND = 3;
const MOST_BYTES = (LONGEST_EVENT + AROUND) * BYTES_PER_UNIT;
/** Names are mostly the same ones; hostile ones must not pile up. */
const MOST_NAMES = 1000;
const LONGEST_NAME = 64;
const NONE = new Uint8Array();

/** A field's name. */
interface Name {
  readonly text: string;
  /** As it is written, with its colon. */
  readonly bytes: Uint8Array;
  /** Whether that is nothing but ASCII. */
  readonly ascii: boolean;
  /** The one that followed it the last time: most likely it does so again. */
  next: Name | undefined;
}

/**
 * Writes an object as JSON, field by field, into one buffer that serves event
 * after event. Nearly all of an event is names that were seen before and short
 * ASCII text, which are copied as they are; `JSON.stringify` would have to be
 * given a completed copy of the event first. Other text is left to it.
 */
export class JsonWriter {
  readonly #names = new Map<string, Name>();
  readonly #start: Name = {
    text: '',
    bytes: NONE,
    ascii: true,
    next: undefined,
  };
  #last = this.#start;
  #bytes = Buffer.allocUnsafe(SIZE);
  /** A comma stands before it, save at the begin of an object or a list. */
  #end = 0;
  #ascii = true;
  #tooLong = false;

  /** Begins anew, with the object's opening brace. */
  begin(): void {
    this.#last = this.#start;
    this.#end = 0;
    this.#ascii = true;
    this.#tooLong = false;
    this.#begin(OPEN);
  }

  /** Ends the object. Returns its text; `undefined` if that is longer than an event may be. */
  end(): string | undefined {
    this.#finish(CLOSE);
    if (this.#tooLong) return undefined;
    // The same for ASCII, and sooner done.
    const encoding = this.#ascii ? 'latin1' : 'utf8';
    const text = this.#bytes.toString(encoding, 0, this.#end - 1);
    return text.length > LONGEST_EVENT ? undefined : text;
  }

  /** A field; an `undefined` one is left out. Returns whether it may be named so. */
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
   * Fields that are JSON already, each with a comma after it.
   *
   * @param ascii whether they hold nothing but ASCII
   */
  written(fields: Uint8Array, ascii: boolean): void {
    this.#ascii &&= ascii;
    this.#copy(fields);
  }

  /** Begins an object: a field of this name, or an item of a list. */
  open(name?: string): void {
    if (name !== undefined) this.#copy(this.#name(name) ?? NONE);
    this.#begin(OPEN);
  }

  close(): void {
    this.#finish(CLOSE);
  }

  /** Begins a list: a field of this name. */
  openList(name: string): void {
    this.#copy(this.#name(name) ?? NONE);
    this.#begin(OPEN_LIST);
  }

  closeList(): void {
    this.#finish(CLOSE_LIST);
  }

  /** A name as it is written; `undefined` if nothing may be named so. */
  #name(text: string): Uint8Array | undefined {
    const { next } = this.#last;
    const name =
      next?.text === text
        ? next
        : (this.#names.get(text) ?? this.#remember(text));
    if (name === undefined) {
      if (!isFieldName(text)) return undefined;
      this.#ascii = false;
      return bytesOf(text);
    }
    this.#last.next = name;
    this.#last = name;
    this.#ascii &&= name.ascii;
    return name.bytes;
  }

  #remember(text: string): Name | undefined {
    const known = this.#names.size;
    if (known === MOST_NAMES || text.length > LONGEST_NAME) return undefined;
    if (!isFieldName(text)) return undefined;
    const bytes = bytesOf(text);
    const name = { text, bytes, ascii: isAscii(bytes), next: undefined };
    this.#names.set(text, name);
    return name;
  }

  #escaped(text: string): void {
    // Half of a cut-off emoji is common in user text and no reason to lose the event.
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

  /** Ends an object or a list; the comma after its last item has no place in it. */
  #finish(bracket: number): void {
    if (!this.#hasRoom(2)) return;
    if (this.#bytes[this.#end - 1] === COMMA) this.#end--;
    this.#bytes[this.#end++] = bracket;
    this.#bytes[this.#end++] = COMMA;
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

/**
 * In UTF-8, without escapes except for those that JSON demands: a name written as
 * `"\u00fc"` is misread by `JSON.parse` of some versions of V8 if another
 * one is nothing but a quote or a backslash.
 */
const bytesOf = (name: string) => Buffer.from(`${JSON.stringify(name)}:`);
