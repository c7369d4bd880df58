import type { OdpSandboxEvent } from '../state/received.js';
import type { EventPattern } from './fault.js';

/** Whether the event, or another object that a request holds, matches. */
export function matches(
  wanted: EventPattern | ((event: OdpSandboxEvent) => boolean),
  object: unknown,
): boolean {
  return typeof wanted === 'function'
    ? wanted(object as OdpSandboxEvent)
    : matchesPattern(wanted, object);
}

function matchesPattern(
  { type, action, field, value }: EventPattern,
  object: unknown,
): boolean {
  const has = (path: string, wanted?: string) =>
    valuesAt(object, path.split('.')).some(
      (found) => wanted === undefined || asText(found) === wanted,
    );
  return (
    (type === undefined || has('type', type)) &&
    (action === undefined || has('action', action)) &&
    (field === undefined || has(field, value))
  );
}

/** The values at a path; several, if it leads through the items of a list. */
function valuesAt(at: unknown, [key, ...rest]: readonly string[]): unknown[] {
  if (key === undefined) return at === undefined ? [] : [at];
  if (typeof at !== 'object' || at === null) return [];
  if (Object.hasOwn(at, key)) {
    return valuesAt((at as Record<string, unknown>)[key], rest);
  }
  return Array.isArray(at)
    ? at.flatMap((item) => valuesAt(item, [key, ...rest]))
    : [];
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
