import { STATUS_CODES } from 'node:http';
import type {
  EventPattern,
  FaultScope,
  OdpFault,
  StatusFault,
} from './fault.js';

/** The fault in words, without how often it has struck. */
export function describe(fault: OdpFault): string {
  return `${effectOf(fault)}${scopeOf(fault)}`;
}

function effectOf(fault: OdpFault): string {
  if ('status' in fault) return statusOf(fault);
  if ('latency' in fault) return `answer ${fault.latency} ms late`;
  if ('hang' in fault) return 'never answer';
  if ('reset' in fault) return `connection reset ${fault.reset} accepting`;
  return `400 for events ${patternOf(fault.invalid) || 'of every kind'}`;
}

function statusOf(fault: StatusFault): string {
  const title = STATUS_CODES[fault.status];
  const location = fault.headers?.['location'];
  return [
    `${fault.status}${title === undefined ? '' : ` ${title}`}`,
    ...(location === undefined ? [] : [`to ${location}`]),
    ...(fault.html ? ['with an HTML page'] : []),
    ...(fault.body === undefined ? [] : ['with a body of its own']),
    ...(fault.bodyBytes === undefined
      ? []
      : [`with a body of ${fault.bodyBytes} bytes`]),
    ...(fault.dribble ? ['a byte at a time, without end'] : []),
    ...(fault.retryAfter === undefined
      ? []
      : [`Retry-After: ${fault.retryAfter}`]),
  ].join(', ');
}

function patternOf(wanted: NonNullable<FaultScope['match']>): string {
  if (typeof wanted === 'function') return 'that a predicate matches';
  const parts = [...partsOf(wanted)];
  return parts.length === 0 ? '' : `with ${parts.join(', ')}`;
}

function* partsOf({ type, action, field, value }: EventPattern) {
  if (type !== undefined) yield `type ${type}`;
  if (action !== undefined) yield `action ${action}`;
  if (field !== undefined) {
    yield value === undefined ? field : `${field} ${value}`;
  }
}

function scopeOf({ times, share, path, match }: OdpFault): string {
  const matched = match === undefined ? '' : patternOf(match);
  const scope = [
    ...(path === undefined ? [] : [`only ${path}`]),
    ...(matched === '' ? [] : [`only events ${matched}`]),
    ...(share === undefined
      ? []
      : [`${Number((share * 100).toFixed(2))} % of requests`]),
    ...(times === undefined
      ? []
      : [times === 1 ? 'once' : `the next ${times} times`]),
  ];
  return scope.length === 0 ? '' : ` (${scope.join(', ')})`;
}
