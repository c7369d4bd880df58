import { Redactor } from '../odp/index.js';

/** How much is kept of what ODP said of an event. */
const MAX_MESSAGE = 500;
/** Nobody's identifier is longer; parts of one that is would take up too much memory. */
const MAX_VALUE = 1000;

/**
 * Blacks out what ODP repeats of the identifiers in a batch, so that its messages
 * can be logged: whole, cut, escaped, in any case, of whichever event. Black where
 * in doubt: a message that reads worse is no harm done.
 *
 * @param payloads the events of the batch
 */
export function identifierRedactor(
  payloads: readonly string[],
): (message: string) => string {
  let redactor: Redactor | 'unreadable' | undefined;
  return (message) => {
    if (message === '') return message;
    redactor ??= redactorOf(payloads);
    if (redactor === 'unreadable') {
      return '[withheld, as the event cannot be read]';
    }
    // Only what is black already may be cut: what is left of a value is not recognised.
    return redactor.redact(message).slice(0, MAX_MESSAGE);
  };
}

/** Of all identifiers in the batch; nothing can be said of it if an event is not what was stored. */
function redactorOf(payloads: readonly string[]): Redactor | 'unreadable' {
  const values: string[] = [];
  try {
    for (const payload of payloads) {
      const { identifiers } = JSON.parse(payload) as {
        identifiers: Readonly<Record<string, unknown>>;
      };
      values.push(...Object.values(identifiers).map(String));
    }
  } catch {
    return 'unreadable';
  }
  return values.every(({ length }) => length <= MAX_VALUE)
    ? new Redactor(values)
    : 'unreadable';
}
