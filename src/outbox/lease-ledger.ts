import { Fifo } from './fifo.js';
import type { ClaimedEvent, ClaimRequest, OutboxEvent } from './outbox.js';

/** An event that may be lent. */
export type Lendable = OutboxEvent & { readonly failedAttempts?: number };

/** One claim. */
interface Lease<E> {
  readonly until: number;
  /** Oldest first. */
  readonly holds: Hold<E>[];
  /** Of `holds`, those before it have ended. */
  first: number;
  /** How many have not ended. */
  held: number;
}

/** One event's part in a claim: the fencing token. It has ended once `event` is gone. */
class Hold<E> {
  readonly lease: Lease<E>;
  event: E | undefined;

  constructor(lease: Lease<E>, event: E) {
    this.lease = lease;
    this.event = event;
  }
}

/** An event as it is lent. Classes, for the reason that `MadeEvent` is one. */
class Lent implements ClaimedEvent {
  readonly id: string;
  readonly payload: string;
  readonly createdAt: number;
  readonly failedAttempts: number;
  readonly claim: unknown;

  constructor(
    { id, payload, createdAt, failedAttempts = 0 }: Lendable,
    claim: unknown,
  ) {
    this.id = id;
    this.payload = payload;
    this.createdAt = createdAt;
    this.failedAttempts = failedAttempts;
    this.claim = claim;
  }
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
  /** A list, since what was once in a long-lived Set stays with the collector for long. */
  #leases: readonly Lease<E>[] = [];
  #delayed: Delayed<E>[] = [];

  /** The events that are held. */
  *held(): Generator<E> {
    for (const { holds } of this.#leases) {
      for (const { event } of holds) if (event !== undefined) yield event;
    }
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
    for (const lease of this.#leases) consider(firstHeld(lease));
    return oldest;
  }

  /** Lends events that were given back and are due, then `fresh` ones, which are newer. */
  lend(
    { limit, lease }: ClaimRequest,
    now: number,
    fresh: () => E | undefined,
  ): ClaimedEvent[] {
    this.#end(now);
    const claimed: ClaimedEvent[] = [];
    const given: Lease<E> = {
      until: now + lease,
      holds: [],
      first: 0,
      held: 0,
    };
    while (claimed.length < limit) {
      const event = this.takeDue(now) ?? fresh();
      if (event === undefined) break;
      const hold = new Hold(given, event);
      given.holds.push(hold);
      claimed.push(new Lent(event, hold));
    }
    given.held = claimed.length;
    if (given.held > 0) this.#add(given);
    return claimed;
  }

  /** Ends the hold on an event; `undefined` where it was already lost. */
  settle({ claim }: ClaimedEvent): E | undefined {
    const hold = claim as Hold<E>;
    const { event, lease } = hold;
    // A claim of an earlier instance is none of this ledger's.
    if (event === undefined || !this.#leases.includes(lease)) return undefined;
    hold.event = undefined;
    if (--lease.held === 0) this.#remove(lease);
    return event;
  }

  /** Undoes a `settle`: the event is held again until the end of its lease. */
  hold({ claim }: ClaimedEvent, event: E): void {
    const hold = claim as Hold<E>;
    hold.event = event;
    hold.lease.first = 0;
    if (hold.lease.held++ === 0) this.#add(hold.lease);
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

  #add(lease: Lease<E>): void {
    this.#leases = [...this.#leases, lease];
  }

  #remove(lease: Lease<E>): void {
    this.#leases = this.#leases.filter((other) => other !== lease);
  }

  #end(now: number): void {
    for (const lease of this.#leases) {
      if (lease.until > now) continue;
      this.#remove(lease);
      const back: E[] = [];
      for (const hold of lease.holds) {
        if (hold.event !== undefined) back.push(hold.event);
        hold.event = undefined;
      }
      lease.held = 0;
      this.giveBack(back, now);
    }
  }
}

function firstHeld<E>(lease: Lease<E>): E | undefined {
  for (; lease.first < lease.holds.length; lease.first++) {
    const event = lease.holds[lease.first]?.event;
    if (event !== undefined) return event;
  }
  return undefined;
}

const ageOf = ({ events }: Delayed<OutboxEvent>) =>
  events.peek()?.createdAt ?? Infinity;
