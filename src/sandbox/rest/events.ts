import { OdpSandboxError } from '../errors.js';
import type { EventPattern } from '../faults/fault.js';
import { matches } from '../faults/match.js';
import type { OdpReceivedEvent } from '../state/received.js';
import type { SandboxState } from '../state/state.js';
import type { Waiting } from '../state/waiting.js';
import { json } from '../wire/answer.js';
import { invalid, readNumber, refuse, type Routes } from './route.js';

const MAX_LISTED = 10_000;
const MAX_TIMEOUT_MS = 600_000;
const KNOWN = new Set(
  'after limit count timeout type action field value'.split(' '),
);

/** What was accepted, waiting for more, and forgetting it. */
export function eventRoutes(state: SandboxState, waiting: Waiting): Routes {
  return {
    'GET events': ({ query }) => {
      const isWanted = readFilter(query);
      const limit = readNumber(query, 'limit', 1000, MAX_LISTED);
      const events = state.events.all().filter(isWanted).slice(0, limit);
      return json(200, { events, totals: state.totals });
    },
    'GET wait': async ({ query }) => {
      const isWanted = readFilter(query);
      const count = readNumber(query, 'count', 1, MAX_LISTED);
      const timeout = readNumber(query, 'timeout', 5000, MAX_TIMEOUT_MS);
      try {
        const events = await waiting.forMatches(isWanted, count, timeout);
        return json(200, { events });
      } catch (error) {
        if ((error as OdpSandboxError).code !== 'timeout') throw error;
        return refuse(408, (error as OdpSandboxError).message);
      }
    },
    'POST clear': () => json(200, state.clear()),
    'POST restore': () =>
      state.restore()
        ? json(200, { totals: state.totals })
        : refuse(409, 'Nothing was cleared since the last restore.'),
  };
}

/** The events that a query asks for: after one, and of a pattern. */
function readFilter(
  query: URLSearchParams,
): (received: OdpReceivedEvent) => boolean {
  for (const name of query.keys()) {
    if (!KNOWN.has(name)) {
      throw invalid(
        `"${name}" is not a parameter`,
        `There are: ${[...KNOWN].join(', ')}.`,
      );
    }
  }
  const after = readNumber(query, 'after', 0, Infinity);
  const { type, action, field, value } = Object.fromEntries(query);
  if (value !== undefined && field === undefined) {
    throw invalid('value has no field', 'Say where it is: field.');
  }
  const pattern: EventPattern = { type, action, field, value };
  return ({ seq, event }) => seq > after && matches(pattern, event);
}
