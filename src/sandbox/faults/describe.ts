import { STATUS_CODES } from 'node:http';
import type { EventPattern, InvalidFault, OdpFault } from './fault.js';

/** The fault in words, without how often it has struck. */
export function describe(fault: OdpFault): string {
  return `${effectOf(fault)}${timingOf(fault)}`;
}

function effectOf(fault: OdpFault): string {
  if ('status' in fault) {
    const after =
      fault.retryAfter === undefined
        ? ''
        : `, Retry-After: ${fault.retryAfter}`;
    const title = STATUS_CODES[fault.status];
    return `${fault.status}${title === undefined ? '' : ` ${title}`}${after}`;
  }
  if ('latency' in fault) return `answer ${fault.latency} ms late`;
  if ('hang' in fault) return 'never answer';
  if ('reset' in fault) return `connection reset ${fault.reset} accepting`;
  return `400 for events ${invalidOf(fault.invalid)}`;
}

function invalidOf(invalid: InvalidFault['invalid']): string {
  if (typeof invalid === 'function') return 'that a predicate matches';
  const parts = partsOf(invalid);
  return parts.length === 0 ? 'of every kind' : `with ${parts.join(', ')}`;
}

function* entriesOf({ type, action, field, value }: EventPattern) {
  if (type !== undefined) yield `type ${type}`;
  if (action !== undefined) yield `action ${action}`;
  if (field !== undefined) {
    yield value === undefined ? field : `${field} ${value}`;
  }
}

function partsOf(pattern: EventPattern): string[] {
  return [...entriesOf(pattern)];
}

function timingOf({ times, share }: OdpFault): string {
  const timing = [
    ...(share === undefined
      ? []
      : [`${Number((share * 100).toFixed(2))} % of requests`]),
    ...(times === undefined
      ? []
      : [times === 1 ? 'once' : `the next ${times} times`]),
  ];
  return timing.length === 0 ? '' : ` (${timing.join(', ')})`;
}
