import { OdpOutboxError } from '../errors/index.js';

/**
 * @param factory such as `memoryOutbox()`
 * @param own what else each account needs of its own, such as `a key`
 */
export const alreadyServes = (factory: string, own?: string): OdpOutboxError =>
  new OdpOutboxError(
    `This ${factory} already serves an account. Give each account an outbox${own === undefined ? '' : ` and ${own}`} of its own.`,
  );

/**
 * For outboxes that cannot join the caller's transaction: an event must not seem
 * to belong to one.
 *
 * @throws OdpOutboxError if there is a transaction
 */
export function refuseTransaction(name: string, transaction: unknown): void {
  if (transaction === undefined) return;
  throw new OdpOutboxError(
    `The ${name} outbox cannot join a transaction. Use postgresOutbox() or mysqlOutbox(), or send without { transaction }.`,
  );
}
