import { OdpExpiredError, OdpRejectedError } from '../errors/index.js';
import type { OdpOutbox } from '../outbox/index.js';
import type { AwaitedEvents } from './awaited.js';

/**
 * Events that a caller here awaits may have been delivered, or given up, by
 * another process that shares the outbox: finds out and tells the callers.
 *
 * @param maxEventAge in ms
 * @throws OdpOutboxError when the outbox fails
 */
export async function resolveAwaitedOutcomes(
  outbox: OdpOutbox,
  awaited: AwaitedEvents,
  maxEventAge: number,
): Promise<void> {
  const { ids } = awaited;
  if (ids.length === 0) return;
  const pending = new Set(await outbox.stillPending(ids));
  const gone = ids.filter((id) => !pending.has(id));
  if (gone.length === 0) return;
  const letters = await outbox.deadLetters({ ids: gone }, gone.length);
  for (const { id, reason, status, message } of letters) {
    awaited.givenUp(id, () =>
      reason === 'expired'
        ? new OdpExpiredError(maxEventAge)
        : new OdpRejectedError(status ?? 0, message),
    );
  }
  for (const id of gone) awaited.delivered(id);
}
