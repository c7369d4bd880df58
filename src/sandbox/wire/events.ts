import { DEFAULT_INVALID_MESSAGE } from '../faults/fault.js';
import { matches } from '../faults/match.js';
import type { Struck } from '../faults/active-faults.js';
import type { OnInvalid } from '../options.js';
import type { Acceptable } from '../state/event-log.js';
import type { OdpInvalidEvent, OdpSandboxEvent } from '../state/received.js';
import {
  accepted,
  type Answer,
  badRequest,
  invalidEvents,
  unparsable,
} from './answer.js';

/** The documented most of objects in one request. */
export const MAX_OBJECTS = 500;

/** Calls `use` with each fault that called an event of the request invalid. */
export interface InvalidFaults {
  readonly entries: Struck['invalids'];
  use(entry: Struck['invalids'][number]): void;
}

/** What `POST /v3/events` makes of a body. */
export interface EventsReading {
  readonly answer: Answer;
  readonly accepted: readonly Acceptable[];
}

/** Reads the parsed body of `POST /v3/events`: an array of events, or one. */
export function readEvents(
  body: unknown,
  onInvalid: OnInvalid,
  faults?: InvalidFaults,
): EventsReading {
  const objects = asObjects(body);
  if (objects === undefined) {
    return { answer: unparsable(), accepted: [] };
  }
  if (objects.length > MAX_OBJECTS) {
    return { answer: tooMany(objects.length), accepted: [] };
  }
  const valid: Acceptable[] = [];
  const invalids: OdpInvalidEvent[] = [];
  for (const [index, object] of objects.entries()) {
    const event = asEvent(object);
    if (event === undefined) {
      invalids.push({ event: index, message: "missing 'type' field" });
      continue;
    }
    const message = faults && refusalOf(event, faults);
    if (message === undefined) valid.push({ index, event });
    else invalids.push({ event: index, message });
  }
  if (invalids.length === 0) return { answer: accepted(), accepted: valid };
  return {
    answer: invalidEvents(invalids),
    accepted: onInvalid === 'keep-valid' ? valid : [],
  };
}

/** The objects of a body that is an array or one object, else `undefined`. */
export function asObjects(body: unknown): readonly unknown[] | undefined {
  if (Array.isArray(body)) return body;
  return isObject(body) ? [body] : undefined;
}

/** ODP documents the cap, not its answer to more. */
export function tooMany(count: number): Answer {
  return badRequest(`${count} objects in one request; at most ${MAX_OBJECTS}.`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The event, as received where it has its four parts; without a type: nothing. */
function asEvent(value: unknown): OdpSandboxEvent | undefined {
  if (!isObject(value)) return undefined;
  const { type, identifiers, data } = value;
  if (typeof type !== 'string' || type === '') return undefined;
  if (isObject(identifiers) && isObject(data)) {
    return value as unknown as OdpSandboxEvent;
  }
  return {
    ...value,
    type,
    identifiers: isObject(identifiers)
      ? (identifiers as OdpSandboxEvent['identifiers'])
      : {},
    data: isObject(data) ? data : {},
  };
}

function refusalOf(
  event: OdpSandboxEvent,
  { entries, use }: InvalidFaults,
): string | undefined {
  const entry = entries.find(({ fault }) => matches(fault.invalid, event));
  if (entry === undefined) return undefined;
  use(entry);
  return entry.fault.message ?? DEFAULT_INVALID_MESSAGE;
}
