import type { RecordedOdpEvent } from './recorded.js';

/** Part of a value: some fields of an object, or the whole of anything else. */
export type PartOf<T> = T extends readonly (infer Item)[]
  ? readonly PartOf<Item>[]
  : T extends object
    ? { readonly [K in keyof T]?: PartOf<T[K]> }
    : T;

/** Which events are meant: parts that they must have, or a predicate. */
export type OdpEventFilter =
  PartOf<RecordedOdpEvent> | ((event: RecordedOdpEvent) => boolean);

/** Whether an event is meant. */
export function matches(
  event: RecordedOdpEvent,
  filter: OdpEventFilter,
): boolean {
  return typeof filter === 'function' ? filter(event) : hasPart(event, filter);
}

function hasPart(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return Object.is(whole, part);
  if (typeof whole !== 'object' || whole === null) return false;
  if (Array.isArray(part) !== Array.isArray(whole)) return false;
  if (Array.isArray(part) && part.length !== (whole as unknown[]).length) {
    return false;
  }
  return Object.entries(part).every(([key, value]) =>
    hasPart((whole as Record<string, unknown>)[key], value),
  );
}
