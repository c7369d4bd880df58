import { randomFillSync } from 'node:crypto';
import { v4 } from 'uuid';

/** How many characters an id has; all of them are ASCII. */
export const ID_LENGTH = 36;

const BYTES = 16;
/** Ids for which random bytes are made at a time. */
const AT_ONCE = 128;
const HYPHEN = '-'.charCodeAt(0);
const HEX_DIGITS = Buffer.from('0123456789abcdef');

/**
 * Makes UUIDs v4 for `idempotence_id`. `uuid` gives them as bytes: as a string it
 * joins each of dozens of pieces, which takes longer to copy than to make.
 */
export class EventIds {
  readonly #pool = new Uint8Array(AT_ONCE * BYTES);
  readonly #id = new Uint8Array(BYTES);
  readonly #options = { rng: () => this.#random() };
  #used = this.#pool.length;

  /** Writes a new one as ASCII, and returns it. */
  write(into: Buffer, at: number): string {
    const id = v4(this.#options, this.#id);
    let end = at;
    for (let i = 0; i < BYTES; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) into[end++] = HYPHEN;
      const byte = id[i]!;
      into[end++] = HEX_DIGITS[byte >> 4]!;
      into[end++] = HEX_DIGITS[byte & 0xf]!;
    }
    return into.toString('latin1', at, end);
  }

  #random(): Uint8Array {
    if (this.#used === this.#pool.length) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    for (let i = 0; i < BYTES; i++) this.#id[i] = this.#pool[this.#used++]!;
    return this.#id;
  }
}
