import type {
  ClaimedEvent,
  OdpOutbox,
  OutboxContext,
  OutboxEvent,
} from '../../src/index.js';

export const LEASE = 60_000;

/** What an outbox is opened with if nobody looks at what it reports. */
export function quietContext(
  given: Partial<OutboxContext> | OutboxContext['ready'] = {},
): OutboxContext {
  const own =
    typeof given === 'function' ? { ready: given, arrived: given } : given;
  return {
    now: Date.now,
    monotonic: own.now ?? (() => performance.now()),
    deadLetterRetention: {
      maxAge: Infinity,
      maxCount: Infinity,
      maxBytes: Infinity,
    },
    dropped: () => {},
    deadLettersRemoved: () => {},
    ready: () => {},
    arrived: () => {},
    warn: () => {},
    ...own,
  };
}

/** Events whose ids are the prefix and their place. */
export const someEvents = (count: number, prefix = 'event'): OutboxEvent[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${prefix}-${index}`,
    payload: JSON.stringify({ action: `${prefix}-${index}` }),
    createdAt: Date.now(),
  }));

export const idsOf = (events: readonly { readonly id: string }[]) =>
  events.map(({ id }) => id);

/** Claims and acknowledges in four loops per instance until nothing is left. */
export async function deliverAll(
  outboxes: readonly OdpOutbox[],
  limit = 50,
): Promise<{ claimed: string[]; acknowledged: number }> {
  const claimed: string[] = [];
  let acknowledged = 0;
  const deliver = async (outbox: OdpOutbox) => {
    for (;;) {
      const events = await outbox.claim({ limit, lease: LEASE });
      if (events.length === 0) return;
      claimed.push(...idsOf(events));
      const count = await outbox.acknowledge(events);
      acknowledged += count;
    }
  };
  await Promise.all(
    outboxes.flatMap((outbox) => [1, 2, 3, 4].map(() => deliver(outbox))),
  );
  return { claimed, acknowledged };
}

/** Asks again until something is claimed, as a dispatcher does, for what depends on the server's clock. */
export async function claimOnceDue(
  outbox: OdpOutbox,
  limit = 100,
): Promise<readonly ClaimedEvent[]> {
  for (;;) {
    const claimed = await outbox.claim({ limit, lease: LEASE });
    if (claimed.length > 0) return claimed;
  }
}

/** Appends one event after another, in eight loops, until stopped; then tells what became of them. */
export function appendUntilStopped(outbox: OdpOutbox) {
  const accepted: string[] = [];
  const refused: unknown[] = [];
  const end = new AbortController();
  let watcher: (() => void) | undefined;
  let place = 0;
  const caller = async () => {
    while (!end.signal.aborted) {
      const events = someEvents(1, `caller-${place++}`);
      try {
        await outbox.append(events);
        accepted.push(...idsOf(events));
      } catch (error) {
        refused.push(error);
        // An app goes on with other things, too.
        await new Promise((resolve) => setImmediate(resolve));
      }
      watcher?.();
    }
  };
  const callers = Promise.all(Array.from({ length: 8 }, caller));
  return {
    accepted,
    refused,
    /** Resolves once that holds. */
    until: (condition: () => boolean) =>
      new Promise<void>((resolve) => {
        watcher = () => condition() && resolve();
        watcher();
      }),
    async stop() {
      end.abort();
      await callers;
    },
  };
}

/** Rings when an outbox says `ready()`, for tests that wait for it. */
export class Bell {
  #heard: () => void = () => {};
  rings = 0;

  readonly ring = () => {
    this.rings++;
    this.#heard();
  };

  /** Resolves at the next ring. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = resolve;
    });
  }
}

/** What the work fails with. */
export async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new TypeError('It did not fail.');
}
