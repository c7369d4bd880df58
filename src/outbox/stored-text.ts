/**
 * An `idempotence_id` or a message may be any string, but a server's text can hold
 * neither NUL (Postgres) nor a lone surrogate (UTF-8): such strings are stored as
 * JSON. So are control characters, one of which separates the texts of a list.
 */
// eslint-disable-next-line no-control-regex -- these are what it looks for
const NEEDS_JSON = /^$|^"|[\0-\x1f]|\p{Surrogate}/u;

/** The text as a server can store it. */
export const toStoredText = (text: string): string =>
  NEEDS_JSON.test(text) ? JSON.stringify(text) : text;

/** The text as it was. */
export const fromStoredText = (stored: string): string =>
  stored.startsWith('"') ? (JSON.parse(stored) as string) : stored;
