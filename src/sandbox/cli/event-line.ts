import { STATUS_CODES } from 'node:http';
import { refusalOf } from '../wire/refusal.js';
import type {
  OdpReceivedEvent,
  OdpReceivedRequest,
} from '../state/received.js';

const MAX_LENGTH = 240;

/**
 * Characters that could move the cursor, colour the terminal or reverse the
 * text: events hold other people's text.
 */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- it is here to find them
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The event on one line of a terminal. */
export function eventLine(received: OdpReceivedEvent): string {
  const { event, receivedAt, requestId, index, batchSize } = received;
  const name = [event.type, event.action].filter(Boolean).join('/');
  const identifiers = Object.entries(event.identifiers).map(
    ([key, value]: [string, unknown]) =>
      `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const duplicate = received.duplicate
    ? `  duplicate of #${received.duplicateOf}`
    : '';
  return (
    safe([
      timeOf(receivedAt),
      `#${received.seq}`,
      name,
      identifiers.join(' '),
    ]) + `  request ${requestId} (${index + 1} of ${batchSize})${duplicate}`
  );
}

/** A request that was not accepted, on one line of a terminal. */
export function refusedLine(request: OdpReceivedRequest): string {
  const { id, receivedAt, method, path, outcome, status, faults } = request;
  const answer =
    status === undefined
      ? `no answer (${outcome})`
      : `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  const because = [refusalOf(request), ...faults.map((one) => `fault: ${one}`)];
  return safe([
    timeOf(receivedAt),
    `request ${id}`,
    `${method} ${path}`,
    answer,
    ...because.filter((one) => one !== undefined),
  ]);
}

function timeOf(date: Date): string {
  return date.toISOString().slice(11, 23);
}

function safe(parts: readonly string[]): string {
  const line = parts.join('  ');
  const cut = line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
  return cut.replace(UNSAFE, '\uFFFD');
}
