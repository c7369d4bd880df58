import { Redactor } from '../odp/index.js';

/** How many characters of ODP's message are kept. */
const MAX_MESSAGE = 500;
/** Nobody's identifier is longer, and the parts of one that is would take too much memory. */
const MAX_VALUE = 1000;

/**
 * Blacks out the identifiers of a batch in ODP's messages, so that those can be
 * logged: whole, cut or escaped, in upper or lower case, of any event. When in
 * doubt it blacks out: a message that reads worse does no harm.
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
    // Redact before cutting: the remainder of a value would not be recognised.
    return redactor.redact(message).slice(0, MAX_MESSAGE);
  };
}

/** Knows all identifiers in the batch; `unreadable` if an event is not what was stored. */
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
