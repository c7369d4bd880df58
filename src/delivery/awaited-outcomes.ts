import { OdpExpiredError, OdpRejectedError } from '../errors/index.js';
import type { OdpOutbox } from '../outbox/index.js';
import type { AwaitedEvents } from './awaited.js';

/**
 * Looks up awaited events that another process, which shares the outbox, may have
 * delivered or given up. Relies on recorded outcomes: that an event is gone
 * proves nothing.
 *
 * @param maxEventAge in ms
 * @throws OdpOutboxError when the outbox fails
 */
export async function resolveAwaitedOutcomes(
  outbox: OdpOutbox,
  awaited: AwaitedEvents,
  maxEventAge: number,
): Promise<void> {
  const { receipts } = awaited;
  if (receipts.length === 0) return;
  for (const outcome of await outbox.outcomes(receipts)) {
    if (outcome.outcome === 'delivered') {
      awaited.delivered(outcome.receipt);
      continue;
    }
    const { reason, status = 0, message } = outcome;
    awaited.givenUp(outcome.receipt, () =>
      reason === 'expired'
        ? new OdpExpiredError(maxEventAge)
        : new OdpRejectedError(status, message),
    );
  }
}
