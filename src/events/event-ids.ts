import { randomFillSync } from 'node:crypto';

/** How many characters an id has; all of them are ASCII. */
export const ID_LENGTH = 36;

const RANDOM_BYTES = 16;
/** How many ids' random bytes are drawn at once; drawing them one by one is dear. */
const IDS_PER_DRAW = 1024;
const HEX = Buffer.from('0123456789abcdef');
const DASH = 0x2d;

/**
 * Makes UUIDs v4 (RFC 9562, section 5.4) for `idempotence_id`. Node's own
 * `randomUUID` pieces its text together, and whoever writes it anywhere makes
 * one text of the pieces again; with thousands of events a second that shows.
 */
export class EventIds {
  readonly #random = Buffer.alloc(RANDOM_BYTES * IDS_PER_DRAW);
  #next = this.#random.length;

  /** Writes the next id as {@link ID_LENGTH} bytes of ASCII. */
  write(into: Uint8Array, at: number): void {
    const random = this.#random;
    if (this.#next === random.length) {
      randomFillSync(random);
      this.#next = 0;
    }
    const from = this.#next;
    this.#next += RANDOM_BYTES;
    random[from + 6] = ((random[from + 6] ?? 0) & 0x0f) | 0x40; // the version
    random[from + 8] = ((random[from + 8] ?? 0) & 0x3f) | 0x80; // the variant
    let end = at;
    for (let i = 0; i < RANDOM_BYTES; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) into[end++] = DASH;
      const byte = random[from + i] ?? 0;
      into[end++] = HEX[byte >> 4] ?? 0;
      into[end++] = HEX[byte & 0x0f] ?? 0;
    }
  }
}
