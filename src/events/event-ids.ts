import { v4 } from 'uuid';

/** How many characters an id has; all of them are ASCII. */
export const ID_LENGTH = 36;

/** Writes a new UUID v4 (RFC 9562, section 5.4) for `idempotence_id`, as {@link ID_LENGTH} bytes of ASCII. */
export function writeEventId(into: Buffer, at: number): void {
  into.write(v4(), at, ID_LENGTH, 'latin1');
}
