/**
 * An `idempotence_id` or a message may be any string, but a server's text holds
 * neither NUL (Postgres) nor half a surrogate pair (UTF-8): such are stored as
 * JSON. So are control characters, one of which stands between texts of a list.
 */
// eslint-disable-next-line no-control-regex -- it is these that are looked for
const NEEDS_JSON = /^$|^"|[\0-\x1f]|\p{Surrogate}/u;

/** The text as a server can store it. */
export const toStoredText = (text: string): string =>
  NEEDS_JSON.test(text) ? JSON.stringify(text) : text;

/** The text again. */
export const fromStoredText = (stored: string): string =>
  stored.startsWith('"') ? (JSON.parse(stored) as string) : stored;
