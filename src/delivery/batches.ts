import type { ClaimedEvent } from '../outbox/index.js';

type Batch = readonly ClaimedEvent[];

/**
 * Splits claimed events into requests; the next one to go is the last. Events
 * that have failed k times go in requests of the 2^k-th part of them, so that an
 * event that keeps failing while others get through ends up alone.
 */
export function batchesOf(events: Batch): Batch[] {
  const byFailures = new Map<number, ClaimedEvent[]>();
  for (const event of events) {
    const group = byFailures.get(event.failedAttempts);
    if (group === undefined) byFailures.set(event.failedAttempts, [event]);
    else group.push(event);
  }
  const batches: Batch[] = [];
  for (const [failures, group] of byFailures) {
    // After an outage of hours, 2^k is Infinity and the part zero.
    const size = Math.max(Math.ceil(group.length / 2 ** failures), 1);
    for (let start = 0; start < group.length; start += size) {
      batches.push(group.slice(start, start + size));
    }
  }
  return batches.toReversed();
}

/** The second half first, as the last one is the next to go. */
export function halvesOf(batch: Batch): Batch[] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(middle), batch.slice(0, middle)];
}

/** About how many bytes they take in a request; text beyond ASCII takes more. */
export function bytesOf(batch: Batch): number {
  let bytes = 0;
  for (const { payload } of batch) bytes += payload.length + 1;
  return bytes;
}
