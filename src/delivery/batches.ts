import type { ClaimedEvent } from '../outbox/index.js';

type Batch = readonly ClaimedEvent[];

/**
 * The requests that claimed events go in; the next one is the last. Events that
 * have failed k times go in requests of the 2^k-th part of them: what keeps
 * failing while others get through ends up alone.
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
    // In an outage of hours 2^k is Infinity, and the part nothing.
    const size = Math.max(Math.ceil(group.length / 2 ** failures), 1);
    for (let start = 0; start < group.length; start += size) {
      batches.push(group.slice(start, start + size));
    }
  }
  return batches.toReversed();
}

/** The second half first, so that the first is the next to go. */
export function halvesOf(batch: Batch): Batch[] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(middle), batch.slice(0, middle)];
}

/** About how many bytes they take in a request: texts beyond ASCII take more. */
export function bytesOf(batch: Batch): number {
  let bytes = 0;
  for (const { payload } of batch) bytes += payload.length + 1;
  return bytes;
}
