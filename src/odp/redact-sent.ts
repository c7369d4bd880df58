/** Beyond so many values, what was sent is no longer looked through: the message is left out. */
const MOST_VALUES = 20_000;
const DEEPEST = 32;
/** What is looked through of a message, and what is left of it then. */
const LONGEST_TEXT = 4096;
const LONGEST_MESSAGE = 500;
/** Shorter texts stand in ordinary words, so they count only where they stand alone. */
const SHORT = 4;

/**
 * What ODP said, fit for logs: on one line, cut, and without any value that was
 * sent, since nobody can say which of them identifies somebody.
 */
export function redactSent(message: unknown, sent: readonly unknown[]): string {
  if (typeof message !== 'string') return '';
  const values = new Set<string>();
  for (const one of sent) {
    if (!collect(one, values, 0)) return '';
  }
  let text = message.slice(0, LONGEST_TEXT);
  for (const value of [...values].sort((a, b) => b.length - a.length)) {
    text = text.replaceAll(patternOf(value), '[redacted]');
  }
  return text
    .replaceAll(/[^\s"'=<>]+@[^\s"'=<>]*/g, '[redacted]')
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, LONGEST_MESSAGE)
    .replace(/[\s.]+$/, '');
}

/** Every text and longer number in it. Returns `false` where that is too much. */
function collect(value: unknown, into: Set<string>, depth: number): boolean {
  if (into.size > MOST_VALUES || depth > DEEPEST) return false;
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value).trim();
    if (text.length >= (typeof value === 'string' ? 1 : SHORT)) into.add(text);
    return true;
  }
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every((one) => collect(one, into, depth + 1));
}

/** As it is, and as JSON and URLs write it. */
function patternOf(value: string): RegExp {
  const forms = new Set([
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value.toWellFormed()),
  ]);
  const any = [...forms].map(escaped).join('|');
  return value.length < SHORT
    ? new RegExp(`(?<![\\p{L}\\p{N}])(?:${any})(?![\\p{L}\\p{N}])`, 'giu')
    : new RegExp(any, 'gi');
}

const escaped = (text: string) =>
  text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
