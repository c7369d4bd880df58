/** Longer waits are cut, in ms: the server may be mistaken, and another try costs little. */
const MAX_WAIT_MS = 5 * 60_000;

/**
 * A `Retry-After` header (RFC 9110, section 10.2.3: seconds or a date) as ms
 * from now, at most 5 minutes. `undefined` when it asks for no wait: absent,
 * malformed, zero or past. Then the caller's own backoff applies, so that it does
 * not try again and again at once.
 */
export function parseRetryAfter(
  value: string | undefined,
  now: number,
): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const wait = /^\d+$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - now;
  return wait > 0 ? Math.min(wait, MAX_WAIT_MS) : undefined;
}
