import type { OdpSandboxEvent } from '../state/received.js';
import type { EventPattern, InvalidFault } from './fault.js';

/** Whether the event is one that this fault calls invalid. */
export function matches(
  invalid: InvalidFault['invalid'],
  event: OdpSandboxEvent,
): boolean {
  return typeof invalid === 'function'
    ? invalid(event)
    : matchesPattern(invalid, event);
}

function matchesPattern(pattern: EventPattern, event: OdpSandboxEvent) {
  const { type, action, field, value } = pattern;
  if (type !== undefined && event.type !== type) return false;
  if (action !== undefined && event.action !== action) return false;
  if (field === undefined) return true;
  const found = valueAt(event, field);
  if (found === undefined) return false;
  return value === undefined || asText(found) === value;
}

function valueAt(event: OdpSandboxEvent, path: string): unknown {
  let at: unknown = event;
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) {
      return undefined;
    }
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
