import { ByteBudget } from './byte-budget.js';
import { Fifo } from './fifo.js';
import type { ClaimedEvent, ClaimRequest, OutboxEvent } from './outbox.js';

/** An event of an outbox that no other process shares. */
export interface HeldEvent extends OutboxEvent {
  /** Its position in the order of appends. */
  readonly sequence: number;
  /** When it was appended, on the monotonic clock, in ms. */
  readonly since: number;
  readonly failedAttempts: number;
}

/** Events that were never claimed, oldest first. */
export interface FreshEvents<E> {
  peek(): E | undefined;
  shift(): E | undefined;
}

/** What one call of `claim` took. */
interface Lease<E> {
  readonly until: number;
  /** Oldest first. */
  readonly holds: Hold<E>[];
  /** The holds before this index have ended. */
  first: number;
  /** How many have not ended. */
  held: number;
}

/** One event's part in a lease: the fencing token. It has ended once `event` is gone. */
class Hold<E> {
  readonly lease: Lease<E>;
  event: E | undefined;

  constructor(lease: Lease<E>, event: E) {
    this.lease = lease;
    this.event = event;
  }
}

/** A class for the same reason as `MadeEvent`. */
class Claimed implements ClaimedEvent {
  readonly id: string;
  readonly payload: string;
  readonly createdAt: number;
  readonly receipt: string | undefined;
  readonly age: number;
  readonly failedAttempts: number;
  readonly claim: unknown;

  constructor(event: HeldEvent, age: number, claim: unknown) {
    this.id = event.id;
    this.payload = event.payload;
    this.createdAt = event.createdAt;
    this.receipt = event.receipt;
    this.age = age;
    this.failedAttempts = event.failedAttempts;
    this.claim = claim;
  }
}

/** Released events that may be claimed again from `due` on, oldest first. */
interface Delayed<E> {
  readonly due: number;
  readonly events: Fifo<E>;
}

/**
 * Which events are claimed, and which were released, in this process. For
 * outboxes that no other process shares. Times are on the monotonic clock, in ms.
 */
export class Claims<E extends HeldEvent> {
  /** An array, since V8 keeps what was once in a long-lived Set for a long time. */
  #leases: readonly Lease<E>[] = [];
  #delayed: readonly Delayed<E>[] = [];

  /** The events that are claimed. */
  *held(): Generator<E> {
    for (const { holds } of this.#leases) {
      for (const { event } of holds) if (event !== undefined) yield event;
    }
  }

  /** When the oldest event that is claimed or was released was appended. */
  get oldest(): number | undefined {
    let oldest = Infinity;
    for (const { events } of this.#delayed) {
      oldest = Math.min(oldest, events.peek()?.since ?? Infinity);
    }
    for (const lease of this.#leases) {
      oldest = Math.min(oldest, firstHeld(lease)?.since ?? Infinity);
    }
    return oldest === Infinity ? undefined : oldest;
  }

  /** Claims released events that are due, then `fresh` ones, which are newer. */
  claim(
    { limit, maxBytes = Infinity, lease, minAge = 0 }: ClaimRequest,
    now: number,
    fresh: FreshEvents<E>,
  ): ClaimedEvent[] {
    this.#endLeases(now);
    const claimed: ClaimedEvent[] = [];
    const taken: Lease<E> = {
      until: now + lease,
      holds: [],
      first: 0,
      held: 0,
    };
    const bytes = new ByteBudget(maxBytes);
    while (claimed.length < limit) {
      const released = this.#nextDue(now);
      const source = released?.events ?? fresh;
      const event = source.peek();
      if (event === undefined || now - event.since < minAge) break;
      if (!bytes.spend(event.payload) && claimed.length > 0) break;
      source.shift();
      if (released?.events.size === 0) this.#drop(released);
      const hold = new Hold(taken, event);
      taken.holds.push(hold);
      claimed.push(new Claimed(event, Math.max(now - event.since, 0), hold));
    }
    taken.held = claimed.length;
    if (taken.held > 0) this.#leases = [...this.#leases, taken];
    return claimed;
  }

  /** Ends the lease of an event; `undefined` if it had already ended. */
  end({ claim }: ClaimedEvent): E | undefined {
    const hold = claim as Hold<E>;
    const { event, lease } = hold;
    // The token may stem from before the outbox was reopened.
    if (event === undefined || !this.#leases.includes(lease)) return undefined;
    this.#endHold(hold);
    return event;
  }

  /** Undoes an `end`: the event is leased again until its lease would have ended. */
  resume({ claim }: ClaimedEvent, event: E): void {
    const hold = claim as Hold<E>;
    hold.event = event;
    hold.lease.first = 0;
    if (hold.lease.held++ === 0) this.#leases = [...this.#leases, hold.lease];
  }

  /** Makes events claimable again from `due` on. */
  release(events: Iterable<E>, due: number): void {
    const group: Delayed<E> = { due, events: new Fifo() };
    for (const event of events) group.events.push(event);
    if (group.events.size > 0) this.#delayed = [...this.#delayed, group];
  }

  /** Ends every claim and every delay: their owner is gone. */
  reset(): void {
    for (const lease of this.#leases) this.#endLease(lease, -Infinity);
    this.#delayed = this.#delayed.map(({ events }) => ({
      due: -Infinity,
      events,
    }));
  }

  /** Removes and returns the oldest released event, due or not. */
  takeReleased(): E | undefined {
    const group = this.#nextDue(Infinity);
    const event = group?.events.shift();
    if (group?.events.size === 0) this.#drop(group);
    return event;
  }

  /** Removes and returns the events, claimed or released, that meet a condition. */
  remove(condition: (event: E) => boolean): E[] {
    const removed: E[] = [];
    for (const { holds } of this.#leases) {
      for (const hold of holds) {
        if (hold.event === undefined || !condition(hold.event)) continue;
        removed.push(hold.event);
        this.#endHold(hold);
      }
    }
    for (const { events } of this.#delayed) {
      for (const event of events.remove(condition)) removed.push(event);
    }
    this.#delayed = this.#delayed.filter(({ events }) => events.size > 0);
    return removed;
  }

  #endHold(hold: Hold<E>): void {
    hold.event = undefined;
    if (--hold.lease.held > 0) return;
    this.#leases = this.#leases.filter((other) => other !== hold.lease);
  }

  /** The due group whose first event is the oldest. */
  #nextDue(now: number): Delayed<E> | undefined {
    let next: Delayed<E> | undefined;
    for (const group of this.#delayed) {
      if (group.due > now) continue;
      if (next === undefined || placeOf(group) < placeOf(next)) next = group;
    }
    return next;
  }

  #drop(group: Delayed<E>): void {
    this.#delayed = this.#delayed.filter((other) => other !== group);
  }

  #endLeases(now: number): void {
    for (const lease of this.#leases) {
      if (lease.until <= now) this.#endLease(lease, now);
    }
  }

  #endLease(lease: Lease<E>, due: number): void {
    const released: E[] = [];
    for (const hold of lease.holds) {
      if (hold.event === undefined) continue;
      released.push(hold.event);
      this.#endHold(hold);
    }
    this.release(released, due);
  }
}

function firstHeld<E>(lease: Lease<E>): E | undefined {
  for (; lease.first < lease.holds.length; lease.first++) {
    const event = lease.holds[lease.first]?.event;
    if (event !== undefined) return event;
  }
  return undefined;
}

const placeOf = ({ events }: Delayed<HeldEvent>) =>
  events.peek()?.sequence ?? Infinity;
