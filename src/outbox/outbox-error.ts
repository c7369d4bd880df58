import { OdpError, OdpOutboxError } from '../errors/index.js';
import { nameOfThrown } from '../names.js';

/**
 * What an outbox threw, as one of this package's errors. Messages that were not
 * written for logs, such as a database's, may hold an event's identifiers, so they
 * are only in the cause.
 */
export function outboxError(error: unknown): OdpError {
  if (error instanceof OdpError) return error;
  return new OdpOutboxError(
    `The outbox threw ${nameOfThrown(error)}; see its cause. An outbox of your own should throw OdpOutboxError, which is logged in full.`,
    { cause: error },
  );
}
