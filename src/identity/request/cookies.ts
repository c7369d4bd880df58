/**
 * Reads a `cookie` header (RFC 6265, section 5.4) if no cookie parser ran.
 * If several cookies have one name, the first counts; malformed ones are left out.
 */
export function parseCookies(
  header: unknown,
): Readonly<Record<string, string>> {
  const cookies: Record<string, string> = {};
  for (const pair of textOf(header).split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const name = pair.slice(0, equals).trim();
    if (name === '' || name === '__proto__' || Object.hasOwn(cookies, name)) {
      continue;
    }
    const value = decode(pair.slice(equals + 1).trim());
    if (value !== undefined) cookies[name] = value;
  }
  return cookies;
}

function textOf(header: unknown): string {
  if (typeof header === 'string') return header;
  if (!Array.isArray(header)) return '';
  return header.filter((one) => typeof one === 'string').join('; ');
}

function decode(value: string): string | undefined {
  try {
    const bare = value.startsWith('"')
      ? value.replace(/^"(.*)"$/, '$1')
      : value;
    return bare.includes('%') ? decodeURIComponent(bare) : bare;
  } catch {
    return undefined;
  }
}
