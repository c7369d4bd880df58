import type { OdpReceivedEvent } from '../state/received.js';

const LONGEST = 240;

/**
 * Characters that could move the cursor, colour the terminal or turn the text
 * around: events hold other people's text.
 */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- finding them is its purpose
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
  const time = receivedAt.toISOString().slice(11, 23);
  const line = [time, `#${received.seq}`, name, identifiers.join(' ')].join(
    '  ',
  );
  const cut = line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
  return (
    cut.replace(UNSAFE, '\uFFFD') +
    `  request ${requestId} (${index + 1} of ${batchSize})${duplicate}`
  );
}
