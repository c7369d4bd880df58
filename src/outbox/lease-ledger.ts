import { Fifo } from './fifo.js';
import type { ClaimedEvent, ClaimRequest, OutboxEvent } from './outbox.js';

/** An event that may be lent. */
export type Lendable = OutboxEvent & { readonly tries?: number };

/** One claim. Whoever is no longer in `held` has lost its lease. */
interface Lease<E> {
  readonly until: number;
  readonly held: Map<ClaimedEvent, E>;
}

/** Events that may be lent again from `due` on, oldest first. */
interface Delayed<E> {
  readonly due: number;
  readonly events: Fifo<E>;
}

/**
 * Who holds which event, in this process, and which were given back. For
 * outboxes that no other process shares.
 */
export class LeaseLedger<E extends Lendable> {
  readonly #leases = new Set<Lease<E>>();
  #delayed: Delayed<E>[] = [];

  /** The events that are held. */
  *held(): Generator<E> {
    for (const { held } of this.#leases) yield* held.values();
  }

  /** `createdAt` of the oldest event that is held or was given back. */
  get oldest(): number | undefined {
    let oldest: number | undefined;
    const consider = (event: OutboxEvent | undefined) => {
      if (event === undefined) return;
      if (oldest === undefined || event.createdAt < oldest)
        oldest = event.createdAt;
    };
    for (const { events } of this.#delayed) consider(events.peek());
    // A map iterates in the order of insertion: the first held is the oldest.
    for (const { held } of this.#leases) consider(held.keys().next().value);
    return oldest;
  }

  /** Lends events that were given back and are due, then `fresh` ones, which are newer. */
  lend(
    { limit, lease }: ClaimRequest,
    now: number,
    fresh: () => E | undefined,
  ): ClaimedEvent[] {
    this.#end(now);
    const held = new Map<ClaimedEvent, E>();
    const claim: Lease<E> = { until: now + lease, held };
    while (held.size < limit) {
      const event = this.takeDue(now) ?? fresh();
      if (event === undefined) break;
      const { id, payload, createdAt, tries = 0 } = event;
      held.set({ id, payload, createdAt, tries, claim }, event);
    }
    if (held.size > 0) this.#leases.add(claim);
    return [...held.keys()];
  }

  /** Ends the hold on an event; `undefined` where it was already lost. */
  settle(claimed: ClaimedEvent): E | undefined {
    const lease = this.#leaseOf(claimed);
    const event = lease?.held.get(claimed);
    if (lease === undefined || event === undefined) return undefined;
    lease.held.delete(claimed);
    if (lease.held.size === 0) this.#leases.delete(lease);
    return event;
  }

  /** Undoes a `settle`: the event is held again until the end of its lease. */
  hold(claimed: ClaimedEvent, event: E): void {
    const lease = claimed.claim as Lease<E>;
    lease.held.set(claimed, event);
    this.#leases.add(lease);
  }

  /** Makes settled events lendable again from `due` on. */
  giveBack(events: Iterable<E>, due: number): void {
    const group: Delayed<E> = { due, events: new Fifo() };
    for (const event of events) group.events.push(event);
    if (group.events.size > 0) this.#delayed.push(group);
  }

  /** Takes out the oldest event that was given back and is due. */
  takeDue(now: number): E | undefined {
    let next: Delayed<E> | undefined;
    for (const group of this.#delayed) {
      if (group.due > now) continue;
      if (next === undefined || ageOf(group) < ageOf(next)) next = group;
    }
    const event = next?.events.shift();
    if (next?.events.size === 0) {
      this.#delayed = this.#delayed.filter((group) => group !== next);
    }
    return event;
  }

  #leaseOf({ claim }: ClaimedEvent): Lease<E> | undefined {
    const lease = claim as Lease<E>;
    return this.#leases.has(lease) ? lease : undefined;
  }

  #end(now: number): void {
    for (const lease of this.#leases) {
      if (lease.until > now) continue;
      this.#leases.delete(lease);
      this.giveBack(lease.held.values(), now);
      lease.held.clear();
    }
  }
}

const ageOf = ({ events }: Delayed<OutboxEvent>) =>
  events.peek()?.createdAt ?? Infinity;
