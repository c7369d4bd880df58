import type { Violations } from './read-fields.js';

/**
 * The longest event, in characters of JSON. ODP documents no bound on a body,
 * so this one only keeps a hostile payload from filling memory; its fields of
 * at most 1024 characters leave room for hundreds.
 */
const LONGEST_EVENT = 512 * 1024;

/** Whether a text alone is longer than an event may be. */
export const isTooLong = (text: string) => text.length > LONGEST_EVENT;

export const TOO_LONG = `must have at most ${LONGEST_EVENT} characters, as all of the event together`;

/** What was copied of an event as JSON text, if it is not too long; tells if it is. */
export function serialise(
  copy: unknown,
  path: string,
  violations: Violations,
): string {
  // Nobody reads the text of an event that is refused anyway.
  if (violations.length > 0) return '';
  try {
    const text = JSON.stringify(copy);
    if (!isTooLong(text)) return text;
  } catch {
    // Longer than a string can be.
  }
  violations.push({ path, message: TOO_LONG });
  return '';
}
