import { OdpOutboxError, OdpOutboxFullError } from '../../errors/index.js';
import { Fifo } from '../fifo.js';
import {
  type AppendOptions,
  type Burial,
  type ClaimedEvent,
  type ClaimRequest,
  type DeadLetter,
  type DeadLetterFilter,
  OdpOutbox,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
} from '../outbox.js';
import { MemoryDeadLetters } from './memory-dead-letters.js';
import type { MemoryOutboxOptions } from './memory-outbox.options.js';
import { RoomQueue } from './room-queue.js';

/** An event that nobody holds. */
type Waiting = OutboxEvent & { readonly tries?: number };

/** Events that may be claimed again from `due` on, oldest first. */
interface Delayed {
  readonly due: number;
  readonly events: Fifo<Waiting>;
}

/** One claim. Whoever is no longer in `held` has lost its lease. */
interface Lease {
  readonly until: number;
  readonly held: Set<ClaimedEvent>;
}

/**
 * What one event may take on average before the outbox counts as full, so that
 * large payloads cannot exhaust the memory while ODP is down.
 */
const BYTES_PER_EVENT = 4096;
const LEAST_BYTES = 16 * 1024 * 1024;

/** Keeps events in this process. See {@link memoryOutbox}. */
export class MemoryOutbox extends OdpOutbox {
  readonly name = 'memory';
  readonly survives =
    'nothing: what is undelivered when the process ends is lost';

  readonly #options: MemoryOutboxOptions;
  readonly #maxBytes: number;
  readonly #fresh = new Fifo<Waiting>();
  readonly #leases = new Set<Lease>();
  readonly #deadLetters = new MemoryDeadLetters();
  readonly #room: RoomQueue;
  #delayed: Delayed[] = [];
  #pending = 0;
  #bytes = 0;
  #context: OutboxContext | undefined;

  constructor(options: MemoryOutboxOptions) {
    super();
    this.#options = options;
    this.#maxBytes = Math.max(options.capacity * BYTES_PER_EVENT, LEAST_BYTES);
    this.#room = new RoomQueue((event) => this.#admit(event));
  }

  open(context: OutboxContext): void {
    if (this.#context !== undefined) {
      throw new OdpOutboxError(
        'This memoryOutbox() already serves an account. Give each account an outbox of its own.',
      );
    }
    this.#context = context;
  }

  append(
    events: readonly OutboxEvent[],
    { mayWait = false, transaction }: AppendOptions = {},
  ): void | Promise<void> {
    if (transaction !== undefined) {
      throw new OdpOutboxError(
        'The memory outbox cannot join a transaction. Use postgresOutbox(), or send without { transaction }.',
      );
    }
    const { capacity, whenFull } = this.#options;
    if (mayWait && whenFull === 'wait') {
      const entering = this.#room.enter(events);
      // A part may be in already, and only what is delivered makes room for the rest.
      if (entering !== undefined) this.#context?.ready();
      return entering;
    }
    const size = bytesOf(events);
    if (!this.#fits(events.length, size)) {
      if (whenFull !== 'drop-oldest' || !this.#makeRoom(events.length, size)) {
        throw new OdpOutboxFullError(capacity);
      }
    }
    for (const event of events) this.#take(event);
  }

  claim({ limit, lease }: ClaimRequest): readonly ClaimedEvent[] {
    const now = this.#now();
    this.#endLeases(now);
    const held = new Set<ClaimedEvent>();
    const claim: Lease = { until: now + lease, held };
    for (
      let event = this.#nextDue(now);
      event !== undefined;
      event = held.size < limit ? this.#nextDue(now) : undefined
    ) {
      const { id, payload, createdAt, tries = 0 } = event;
      held.add({ id, payload, createdAt, tries, claim });
    }
    if (held.size > 0) this.#leases.add(claim);
    return [...held];
  }

  acknowledge(events: readonly ClaimedEvent[]): number {
    let count = 0;
    for (const event of events) {
      if (!this.#giveUpHold(event)) continue;
      this.#forget(event);
      count++;
    }
    this.#announceRoom();
    return count;
  }

  release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): void {
    const waiting = new Fifo<Waiting>();
    for (const event of events) {
      if (!this.#giveUpHold(event)) continue;
      const { id, payload, createdAt, tries } = event;
      waiting.push({
        id,
        payload,
        createdAt,
        tries: failed ? tries + 1 : tries,
      });
    }
    if (waiting.size > 0) {
      this.#delayed.push({ due: this.#now() + delay, events: waiting });
    }
  }

  bury(events: readonly ClaimedEvent[], burial: Burial): number {
    let count = 0;
    for (const event of events) {
      if (!this.#giveUpHold(event)) continue;
      this.#forget(event);
      this.#deadLetters.add(event, burial, this.#now());
      count++;
    }
    this.#announceRoom();
    return count;
  }

  counts(): OutboxCounts {
    let oldest = this.#fresh.peek()?.createdAt;
    const consider = (event: OutboxEvent | undefined) => {
      if (event === undefined) return;
      if (oldest === undefined || event.createdAt < oldest)
        oldest = event.createdAt;
    };
    for (const { events } of this.#delayed) consider(events.peek());
    // A set iterates in the order of insertion: the first held is the oldest.
    for (const { held } of this.#leases) consider(held.values().next().value);
    return {
      pending: this.#pending,
      oldest,
      deadLetters: this.#deadLetters.size,
    };
  }

  deadLetters(filter: DeadLetterFilter, limit: number): readonly DeadLetter[] {
    return this.#deadLetters.list(filter, limit);
  }

  requeue(filter: DeadLetterFilter): number {
    const fits = ({ payload }: DeadLetter) => this.#fits(1, payload.length);
    let count = 0;
    for (const { id, payload } of this.#deadLetters.remove(filter, fits)) {
      this.#take({ id, payload, createdAt: this.#now() });
      count++;
    }
    if (count > 0) this.#context?.ready();
    return count;
  }

  purge(filter: DeadLetterFilter): number {
    let count = 0;
    for (const _ of this.#deadLetters.remove(filter)) count++;
    return count;
  }

  close(): void {
    this.#context = undefined;
    this.#room.close();
  }

  #now(): number {
    return this.#context?.now() ?? Date.now();
  }

  #fits(count: number, bytes: number): boolean {
    return (
      this.#pending + count <= this.#options.capacity &&
      this.#bytes + bytes <= this.#maxBytes
    );
  }

  #take(event: OutboxEvent): void {
    this.#pending++;
    this.#bytes += event.payload.length;
    this.#fresh.push(event);
  }

  #forget(event: OutboxEvent): void {
    this.#pending--;
    this.#bytes -= event.payload.length;
  }

  #admit(event: OutboxEvent): boolean {
    if (!this.#fits(1, event.payload.length)) return false;
    this.#take(event);
    return true;
  }

  #announceRoom(): void {
    if (this.#room.admit()) this.#context?.ready();
  }

  /** Drops the oldest that nobody holds until `count` more fit; drops none if that cannot be reached. */
  #makeRoom(count: number, bytes: number): boolean {
    const { capacity } = this.#options;
    let held = 0;
    for (const lease of this.#leases) held += lease.held.size;
    if (held + count > capacity || bytes > this.#maxBytes) return false;
    while (!this.#fits(count, bytes)) {
      const oldest = this.#nextDue(Infinity);
      if (oldest === undefined) return false;
      this.#forget(oldest);
      this.#context?.dropped(oldest);
    }
    return true;
  }

  #giveUpHold(event: ClaimedEvent): boolean {
    const lease = event.claim as Lease;
    const wasHeld = lease.held.delete(event);
    if (lease.held.size === 0) this.#leases.delete(lease);
    return wasHeld;
  }

  /** Takes out the oldest event that may be claimed: given-back ones are older than fresh ones. */
  #nextDue(now: number): Waiting | undefined {
    let next: Delayed | undefined;
    for (const group of this.#delayed) {
      if (group.due > now) continue;
      if (next === undefined || ageOf(group) < ageOf(next)) next = group;
    }
    if (next === undefined) return this.#fresh.shift();
    const event = next.events.shift();
    if (next.events.size === 0) {
      this.#delayed = this.#delayed.filter((group) => group !== next);
    }
    return event;
  }

  #endLeases(now: number): void {
    for (const lease of this.#leases) {
      if (lease.until > now) continue;
      this.#leases.delete(lease);
      const events = new Fifo<Waiting>();
      for (const { id, payload, createdAt, tries } of lease.held) {
        events.push({ id, payload, createdAt, tries });
      }
      lease.held.clear();
      this.#delayed.push({ due: now, events });
    }
  }
}

const ageOf = ({ events }: Delayed) => events.peek()?.createdAt ?? Infinity;

function bytesOf(events: readonly OutboxEvent[]): number {
  let sum = 0;
  for (const { payload } of events) sum += payload.length;
  return sum;
}
