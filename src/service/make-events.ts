import { setImmediate as nextTurn } from 'node:timers/promises';
import { OdpValidationError, type OdpViolation } from '../errors/index.js';
import type { MadeEvent, OdpEvent } from '../events/index.js';

/** How many events are made before the event loop gets its turn. */
const EVENTS_PER_TURN = 200;

/**
 * Makes the events of a list, and what its sender is told of them. Leaves the
 * event loop its turns, however many they are.
 *
 * @throws OdpValidationError with everything that is wrong, by the events' index
 */
export async function makeEvents(
  events: unknown,
  make: (event: OdpEvent) => MadeEvent,
): Promise<{ made: MadeEvent[]; sent: Pick<MadeEvent, 'id'>[] }> {
  if (!Array.isArray(events)) {
    throw new OdpValidationError([
      { path: 'events', message: 'must be a list of events' },
    ]);
  }
  const made: MadeEvent[] = [];
  const sent: Pick<MadeEvent, 'id'>[] = [];
  const violations: OdpViolation[] = [];
  for (const [index, event] of (events as OdpEvent[]).entries()) {
    try {
      const one = make(event);
      made.push(one);
      sent.push({ id: one.id });
    } catch (error) {
      if (!(error instanceof OdpValidationError)) throw error;
      for (const { path, message } of error.violations) {
        violations.push({ path: `[${index}].${path}`, message });
      }
    }
    if (index % EVENTS_PER_TURN === EVENTS_PER_TURN - 1) await nextTurn();
  }
  if (violations.length > 0) throw new OdpValidationError(violations);
  // Taking in a long list takes its time as well.
  if (made.length > EVENTS_PER_TURN) await nextTurn();
  return { made, sent };
}
