import { randomFillSync } from 'node:crypto';
import { v4 } from 'uuid';

/** How many characters an id has; all of them are ASCII. */
export const ID_LENGTH = 36;

const BYTES = 16;
/** Ids that are made at a time. Not more, since each keeps the text of all of them. */
const AT_ONCE = 32;
const HYPHEN = '-'.charCodeAt(0);
const HEX_DIGITS = Buffer.from('0123456789abcdef');

/**
 * Makes UUIDs v4 for `idempotence_id`. `uuid` gives them as bytes: as a string it
 * joins each of dozens of pieces, which takes longer to copy than to make.
 */
export class EventIds {
  readonly #random = new Uint8Array(AT_ONCE * BYTES);
  readonly #bytes = Buffer.alloc(AT_ONCE * ID_LENGTH);
  /** The same as a string, of which an id is a slice, so that V8 copies nothing. */
  #text = '';
  #used = this.#bytes.length;

  /** Writes a new one as ASCII, and returns it. */
  write(into: Buffer, at: number): string {
    if (this.#used === this.#bytes.length) this.#make();
    const start = this.#used;
    const end = start + ID_LENGTH;
    // For so few bytes, faster than `Buffer.copy`.
    for (let i = start; i < end; i++) into[at++] = this.#bytes[i]!;
    this.#used = end;
    return this.#text.slice(start, end);
  }

  #make(): void {
    randomFillSync(this.#random);
    const id = new Uint8Array(BYTES);
    let end = 0;
    for (let start = 0; start < this.#random.length; start += BYTES) {
      const random = this.#random.subarray(start, start + BYTES);
      v4({ random }, id);
      for (let i = 0; i < BYTES; i++) {
        if (i === 4 || i === 6 || i === 8 || i === 10) {
          this.#bytes[end++] = HYPHEN;
        }
        const byte = id[i]!;
        this.#bytes[end++] = HEX_DIGITS[byte >> 4]!;
        this.#bytes[end++] = HEX_DIGITS[byte & 0xf]!;
      }
    }
    this.#text = this.#bytes.toString('latin1');
    this.#used = 0;
  }
}
