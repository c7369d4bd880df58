/** What goes into a statement. */
export type SqlValue = string | number | null | readonly SqlValue[];

/**
 * A text as a literal that no session takes for anything else: its quotes,
 * backslashes and bytes would mean different things under `NO_BACKSLASH_ESCAPES`,
 * `ANSI_QUOTES` and multi-byte character sets, and a caller's transaction has a
 * session of the caller's.
 */
export const hexOf = (text: string): string =>
  `X'${Buffer.from(text).toString('hex')}'`;

/**
 * A statement with its values in it, so that neither a driver nor a library
 * escapes any of them its own way.
 */
export function withValues(sql: string, values: readonly SqlValue[]): string {
  let place = 0;
  return sql.replaceAll('?', () => literalOf(values[place++] ?? null));
}

function literalOf(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  // A character set, so that it is compared as text, with an index.
  if (typeof value === 'string') return `_utf8mb4 ${hexOf(value)}`;
  return value.map(literalOf).join(', ');
}
