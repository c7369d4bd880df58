import { v4 } from 'uuid';

/** How many characters an id has; all of them are ASCII. */
export const ID_LENGTH = 36;

/** Writes a new UUID v4 for `idempotence_id` as ASCII, and returns it. */
export function writeEventId(into: Uint8Array, at: number): string {
  const id = v4();
  // By hand: for so short a text, calling Buffer's native code takes longer.
  for (let i = 0; i < ID_LENGTH; i++) into[at + i] = id.charCodeAt(i);
  return id;
}
