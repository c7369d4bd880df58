/** Longer waits are cut: whoever answers so may be mistaken, and a try costs little. */
const LONGEST_WAIT = 5 * 60_000;

/**
 * A `Retry-After` header (RFC 9110, section 10.2.3: seconds or a date) as ms
 * from now, at most 5 minutes. `undefined` when it asks for no wait: absent,
 * malformed, zero or past. The caller's own backoff holds then, as trying again
 * at once, and again, would help nobody.
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
  return wait > 0 ? Math.min(wait, LONGEST_WAIT) : undefined;
}
