import { OdpError, OdpOutboxError } from '../errors/index.js';
import { nameOfThrown } from '../names.js';

/**
 * What an outbox threw, as one of this package's errors. Words that it did not
 * choose for a log, such as a database's, may hold an event's identifiers: they
 * stand in the cause only.
 */
export function outboxError(error: unknown): OdpError {
  if (error instanceof OdpError) return error;
  return new OdpOutboxError(
    `The outbox threw ${nameOfThrown(error)}; see its cause. An outbox of your own tells more by throwing OdpOutboxError.`,
    { cause: error },
  );
}
