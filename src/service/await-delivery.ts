import { randomUUID } from 'node:crypto';
import type { AwaitedEvents } from '../delivery/index.js';
import type { Clock } from '../clock.js';
import { OdpTimeoutError } from '../errors/index.js';
import type { MadeEvent } from '../events/index.js';
import type { OutboxEvent } from '../outbox/index.js';

/** What a wait for deliveries works with. */
export interface AwaitDeliveryParts {
  readonly awaited: AwaitedEvents;
  readonly clock: Clock;
  /** In ms; `undefined`: as long as it takes. */
  readonly timeout: number | undefined;
  /** Hands the events to the outbox. */
  append(events: readonly OutboxEvent[]): void | Promise<void>;
}

/**
 * Appends events and resolves when ODP has all of them.
 *
 * @throws what `append` throws, and why one of the events was given up
 * @throws OdpTimeoutError when the time is over; the events stay in the outbox
 */
export async function awaitDelivery(
  events: readonly MadeEvent[],
  { awaited: all, clock, timeout, append }: AwaitDeliveryParts,
): Promise<void> {
  // Before they are appended: an answer may come at once.
  const receipted = events.map(({ id, payload, createdAt }) => ({
    id,
    payload,
    createdAt,
    receipt: randomUUID(),
  }));
  const awaited = receipted.map(({ receipt }) => all.expect(receipt));
  const settled = Promise.all(awaited.map(({ outcome }) => outcome));
  try {
    await append(receipted);
  } catch (error) {
    settled.catch(() => {});
    for (const one of awaited) one.giveUp(new OdpTimeoutError(''));
    throw error;
  }
  for (const one of awaited) one.accepted();
  const late = () => {
    const error = new OdpTimeoutError(
      `ODP had not acknowledged the event after ${timeout} ms.`,
    );
    for (const one of awaited) one.giveUp(error);
  };
  const stop =
    timeout === undefined ? () => {} : clock.schedule(late, timeout, true);
  try {
    await settled;
  } finally {
    stop();
  }
}
