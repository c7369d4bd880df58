import { isObject } from '../check.js';
import { DEFAULT_INVALID_MESSAGE } from '../faults/fault.js';
import { matches } from '../faults/match.js';
import type { Struck } from '../faults/active-faults.js';
import type { OnInvalid } from '../options.js';
import type { OdpInvalidEvent } from '../state/received.js';
import {
  accepted,
  type Answer,
  badRequest,
  invalidEvents,
  unparsable,
} from './answer.js';

/** The documented maximum of objects in one request. */
const MAX_OBJECTS = 500;

/** Faults that may call objects of the request invalid. */
export interface InvalidFaults {
  readonly entries: Struck['invalids'];
  /** Called with each fault that did, for each object. */
  use(entry: Struck['invalids'][number]): void;
}

/** What is done about the objects of a request. */
export interface BatchReading<T> {
  readonly answer: Answer;
  readonly accepted: readonly { readonly index: number; readonly value: T }[];
}

/**
 * Reads a body that is an array of objects, or one, as ODP takes it.
 *
 * @param read the object's value, or in words what is wrong with it
 */
export function readBatch<T extends object>(
  body: unknown,
  read: (object: unknown) => T | string,
  onInvalid: OnInvalid,
  faults: InvalidFaults | undefined,
): BatchReading<T> {
  const objects = asObjects(body);
  if (objects === undefined) return { answer: unparsable(), accepted: [] };
  if (objects.length > MAX_OBJECTS) {
    // ODP documents the maximum, not its answer to more.
    const answer = badRequest(
      `${objects.length} objects in one request; at most ${MAX_OBJECTS}.`,
    );
    return { answer, accepted: [] };
  }
  const valid: { index: number; value: T }[] = [];
  const invalids: OdpInvalidEvent[] = [];
  for (const [index, object] of objects.entries()) {
    const value = read(object);
    const message =
      typeof value === 'string' ? value : refusedBy(faults, value, object);
    if (message === undefined) valid.push({ index, value: value as T });
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

/** A pattern may be about the object as sent, or as read. */
function refusedBy(
  faults: InvalidFaults | undefined,
  value: object,
  object: unknown,
): string | undefined {
  const entry = faults?.entries.find(({ fault }) =>
    typeof fault.invalid === 'function'
      ? matches(fault.invalid, value)
      : matches(fault.invalid, object),
  );
  if (entry === undefined) return undefined;
  faults!.use(entry);
  return entry.fault.message ?? DEFAULT_INVALID_MESSAGE;
}
