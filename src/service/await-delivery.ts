import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AwaitedEvents } from '../delivery/index.js';
import { OdpTimeoutError } from '../errors/index.js';
import type { MadeEvent } from '../events/index.js';
import type { OutboxEvent } from '../outbox/index.js';

/**
 * Appends events and resolves when ODP has all of them.
 *
 * @param append hands the events to the outbox
 * @param signal aborted when the caller's time is over
 * @throws what `append` throws, and why one of the events was given up
 * @throws OdpTimeoutError when the time is over
 */
export async function awaitDelivery(
  events: readonly MadeEvent[],
  all: AwaitedEvents,
  append: (events: readonly OutboxEvent[]) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  // Before they are appended: an answer may come at once.
  const receipted = events.map(({ id, payload, createdAt }) => ({
    id,
    payload,
    createdAt,
    receipt: randomUUID(),
  }));
  const awaited = receipted.map(({ receipt, payload }) =>
    all.expect(receipt, payload),
  );
  const late = async () => {
    // An outbox that knows that it has not taken them says so first.
    await nextTurn();
    giveUp(new OdpTimeoutError('ODP had not acknowledged the event in time.'));
  };
  const giveUp = (error: OdpTimeoutError) => {
    for (const one of awaited) one.giveUp(error);
  };
  const onAbort = () => void late();
  signal.addEventListener('abort', onAbort);
  const appended = async () => {
    await append(receipted);
    for (const one of awaited) one.accepted();
  };
  try {
    await Promise.all([appended(), ...awaited.map(({ outcome }) => outcome)]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    giveUp(new OdpTimeoutError(''));
  }
}
