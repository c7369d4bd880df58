import { OdpValidationError } from '../errors/index.js';

/** Most outboxes number their dead letters, and the number is the cursor. */
const NUMBER = /^\d{1,18}$/;

/**
 * Checks where a page of dead letters is to begin.
 *
 * @param form what the outbox's cursors look like
 * @throws OdpValidationError when it can be no cursor of the outbox
 */
export function checkCursor(after: string | undefined, form = NUMBER): void {
  if (after === undefined || form.test(after)) return;
  const message = 'must be the cursor of a dead letter of this outbox';
  throw new OdpValidationError(
    [{ path: 'filter.after', message }],
    'request',
    'Pass the cursor of the last dead letter that you have seen, as list() returned it, or leave after out to start with the oldest.',
  );
}
