import { Redactor } from './redactor.js';

/** Of more, a message is left out: to look for all of it would take too much. */
const MOST_CHARACTERS = 50_000;
const DEEPEST = 32;
/** A longer value is recognised by its beginning. */
const MAX_VALUE = 200;
/** What is looked through of a message, and what is left of it then. */
const LONGEST_TEXT = 4096;
const LONGEST_MESSAGE = 500;

/**
 * What ODP said, fit for logs: on one line, cut, and without any value that was
 * sent, since nobody can say which of them identifies somebody.
 */
export function redactSent(message: unknown, sent: readonly unknown[]): string {
  if (typeof message !== 'string' || message === '') return '';
  const values = new Set<string>();
  let left = MOST_CHARACTERS;
  const collect = (value: unknown, depth: number): void => {
    if (left < 0 || depth > DEEPEST) {
      left = -1;
    } else if (typeof value === 'string' || typeof value === 'number') {
      const text = String(value).trim().slice(0, MAX_VALUE);
      if (text === '' || values.has(text)) return;
      values.add(text);
      left -= text.length;
    } else if (typeof value === 'object' && value !== null) {
      for (const one of Object.values(value)) collect(one, depth + 1);
    }
  };
  collect(sent, 0);
  if (left < 0) return '';
  return new Redactor(values)
    .redact(message.slice(0, LONGEST_TEXT))
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, LONGEST_MESSAGE)
    .replace(/[\s.]+$/, '');
}
