import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import type { MadeEvent, OdpEvent } from '../events/index.js';

/** An event that was accepted. */
export interface SentOdpEvent {
  /** Its `idempotence_id`. */
  readonly id: string;
  /** `true` if the option `beforeSend` withheld it: it was not accepted after all. */
  readonly withheld?: true;
}

/** What the sender of an event gets; `undefined` was withheld. */
export const sentOf = (made: MadeEvent | undefined): SentOdpEvent =>
  made === undefined ? { id: randomUUID(), withheld: true } : { id: made.id };

/** More events than this yield to the event loop before they are appended. */
const EVENTS_PER_TURN = 200;

/**
 * Makes the events of a list, and what its sender gets. All in one go, so that
 * the caller may then reuse the list and its objects.
 *
 * @throws OdpValidationError with everything that is wrong, by the events' index
 */
export async function makeEvents(
  events: unknown,
  make: (event: OdpEvent) => MadeEvent | undefined,
): Promise<{ made: MadeEvent[]; sent: SentOdpEvent[] }> {
  if (!Array.isArray(events)) {
    throw new OdpValidationError([
      { path: 'events', message: 'must be a list of events' },
    ]);
  }
  const made: MadeEvent[] = [];
  const sent: SentOdpEvent[] = [];
  const violations: OdpViolation[] = [];
  for (const [index, event] of (events as OdpEvent[]).entries()) {
    try {
      const one = make(event);
      if (one !== undefined) made.push(one);
      sent.push(sentOf(one));
    } catch (error) {
      if (!(error instanceof OdpValidationError)) throw error;
      for (const { path, message } of error.violations) {
        violations.push({ path: `[${index}].${path}`, message });
      }
    }
  }
  if (violations.length > 0) throw new OdpValidationError(violations);
  // Appending a long list takes time, too.
  if (made.length > EVENTS_PER_TURN) await nextTurn();
  return { made, sent };
}
