import type { OutboxEvent } from './outbox.js';

/** The size of the events' payloads, in characters, as measuring bytes is not worth the time. */
export function sizeOf(events: Iterable<Pick<OutboxEvent, 'payload'>>): number {
  let sum = 0;
  for (const { payload } of events) sum += payload.length;
  return sum;
}
