import { Redactor } from './redactor.js';

/** If more was sent, the message is left out: searching for all of it would take too long. */
const MAX_CHARACTERS = 50_000;
const MAX_DEPTH = 32;
/** Longer values are recognised by their beginning. */
const MAX_VALUE = 200;
/** How much of a message is searched, and how much is kept. */
const MAX_TEXT_LENGTH = 4096;
const MAX_MESSAGE_LENGTH = 500;

/**
 * ODP's message, fit for logs: on one line, cut, and without any value that was
 * sent, since any of them may identify somebody.
 */
export function redactSent(message: unknown, sent: readonly unknown[]): string {
  if (typeof message !== 'string' || message === '') return '';
  const values = new Set<string>();
  let left = MAX_CHARACTERS;
  const collect = (value: unknown, depth: number): void => {
    if (left < 0 || depth > MAX_DEPTH) {
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
    .redact(message.slice(0, MAX_TEXT_LENGTH))
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, MAX_MESSAGE_LENGTH)
    .replace(/[\s.]+$/, '');
}
