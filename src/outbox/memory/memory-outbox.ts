import { OdpOutboxError, OdpOutboxFullError } from '../../errors/index.js';
import { Fifo } from '../fifo.js';
import { type Lendable, LeaseLedger } from '../lease-ledger.js';
import {
  type AppendOptions,
  type DeadLetterCause,
  type ClaimedEvent,
  type ClaimRequest,
  type StoredDeadLetter,
  type DeadLetterFilter,
  OdpOutbox,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
} from '../outbox.js';
import { MemoryDeadLetters } from './memory-dead-letters.js';
import type { MemoryOutboxOptions } from './memory-outbox.options.js';
import { RoomQueue } from './room-queue.js';

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
  readonly #fresh = new Fifo<OutboxEvent>();
  readonly #ledger = new LeaseLedger<Lendable>();
  readonly #deadLetters = new MemoryDeadLetters();
  readonly #room: RoomQueue;
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
    this.#pending += events.length;
    this.#bytes += size;
    this.#fresh.pushAll(events);
  }

  claim(request: ClaimRequest): readonly ClaimedEvent[] {
    return this.#ledger.lend(request, this.#now(), () => this.#fresh.shift());
  }

  acknowledge(events: readonly ClaimedEvent[]): number {
    let count = 0;
    for (const event of events) {
      if (this.#ledger.settle(event) === undefined) continue;
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
    const back: Lendable[] = [];
    for (const claimed of events) {
      const event = this.#ledger.settle(claimed);
      if (event === undefined) continue;
      back.push(
        failed
          ? { ...event, failedAttempts: claimed.failedAttempts + 1 }
          : event,
      );
    }
    this.#ledger.giveBack(back, this.#now() + delay);
  }

  deadLetter(events: readonly ClaimedEvent[], cause: DeadLetterCause): number {
    let count = 0;
    for (const event of events) {
      if (this.#ledger.settle(event) === undefined) continue;
      this.#forget(event);
      this.#deadLetters.add(event, cause, this.#now());
      count++;
    }
    this.#announceRoom();
    return count;
  }

  counts(): OutboxCounts {
    const lent = this.#ledger.oldest ?? Infinity;
    const fresh = this.#fresh.peek()?.createdAt ?? Infinity;
    const oldest = Math.min(lent, fresh);
    return {
      pending: this.#pending,
      oldest: oldest === Infinity ? undefined : oldest,
      deadLetters: this.#deadLetters.size,
    };
  }

  deadLetters(
    filter: DeadLetterFilter,
    limit: number,
  ): readonly StoredDeadLetter[] {
    return this.#deadLetters.list(filter, limit);
  }

  requeue(filter: DeadLetterFilter): number {
    const fits = ({ payload }: StoredDeadLetter) =>
      this.#fits(1, payload.length);
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
    const held = [...this.#ledger.held()];
    if (
      held.length + count > capacity ||
      bytesOf(held) + bytes > this.#maxBytes
    ) {
      return false;
    }
    while (!this.#fits(count, bytes)) {
      const oldest = this.#ledger.takeDue(Infinity) ?? this.#fresh.shift();
      if (oldest === undefined) return false;
      this.#forget(oldest);
      this.#context?.dropped(oldest);
    }
    return true;
  }
}

function bytesOf(events: readonly OutboxEvent[]): number {
  let sum = 0;
  for (const { payload } of events) sum += payload.length;
  return sum;
}
