import { OdpOutboxError, OdpOutboxFullError } from '../../errors/index.js';
import { Checkpoints } from '../checkpoints.js';
import { Claims, type HeldEvent } from '../claims.js';
import { Fifo } from '../fifo.js';
import { alreadyServes, refuseTransaction } from '../guards.js';
import { namesIdentifier } from '../names-identifier.js';
import {
  type AppendOptions,
  type ClaimedEvent,
  type ClaimRequest,
  type DeadLetterCause,
  type DeadLetterFilter,
  type DeadLetterPage,
  type ErasedEvents,
  OdpOutbox,
  type OutboxCheckpoint,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
  type StoredDeadLetter,
} from '../outbox.js';
import { sizeOf } from '../size-of.js';
import { CapacityQueue } from './capacity-queue.js';
import { MemoryDeadLetters } from './memory-dead-letters.js';
import type { MemoryOutboxOptions } from './memory-outbox.options.js';

/**
 * What one event may take on average before the outbox counts as full, so that
 * large payloads cannot exhaust the memory while ODP is down.
 */
const BYTES_PER_EVENT = 4096;
const MIN_BYTES = 16 * 1024 * 1024;

/** An event as it is kept. A class for the same reason as `MadeEvent`. */
class KeptEvent implements HeldEvent {
  readonly id: string;
  readonly payload: string;
  readonly createdAt: number;
  readonly receipt: string | undefined;
  readonly sequence: number;
  readonly since: number;
  failedAttempts = 0;

  constructor(event: OutboxEvent, sequence: number, since: number) {
    this.id = event.id;
    this.payload = event.payload;
    this.createdAt = event.createdAt;
    this.receipt = event.receipt;
    this.sequence = sequence;
    this.since = since;
  }
}

/** Keeps events in this process. See {@link memoryOutbox}. */
export class MemoryOutbox extends OdpOutbox {
  readonly name = 'memory';
  readonly durability = 'process';

  readonly #options: MemoryOutboxOptions;
  readonly #maxBytes: number;
  readonly #fresh = new Fifo<KeptEvent>();
  readonly #claims = new Claims<KeptEvent>();
  readonly #checkpoints = new Checkpoints();
  readonly #deadLetters = new MemoryDeadLetters();
  readonly #waiting: CapacityQueue;
  #sequence = 0;
  #pending = 0;
  #bytes = 0;
  #opened: OutboxContext | undefined;

  constructor(options: MemoryOutboxOptions) {
    super();
    this.#options = options;
    this.#maxBytes = Math.max(options.capacity * BYTES_PER_EVENT, MIN_BYTES);
    this.#waiting = new CapacityQueue(this.#maxBytes, (events) => {
      if (!this.#fits(events.length, sizeOf(events))) return false;
      this.#keep(events);
      return true;
    });
  }

  open(context: OutboxContext): void {
    if (this.#opened !== undefined) throw alreadyServes('memoryOutbox()');
    this.#opened = context;
    // An app that is created again in one process finds what its predecessor left.
    this.#claims.reset();
  }

  append(
    events: readonly OutboxEvent[],
    { wait = false, signal, transaction }: AppendOptions = {},
  ): void | Promise<void> {
    refuseTransaction(this.name, transaction);
    const { capacity, whenFull } = this.#options;
    const bytes = sizeOf(events);
    if (events.length > capacity || bytes > this.#maxBytes) {
      throw new OdpOutboxFullError(
        capacity,
        `A list of ${events.length} events can never fit. Send shorter lists`,
      );
    }
    if (whenFull === 'wait' && wait) {
      return this.#waiting.enter(events, signal);
    }
    if (!this.#fits(events.length, bytes)) {
      if (
        whenFull !== 'drop-oldest' ||
        !this.#makeCapacity(events.length, bytes)
      ) {
        throw new OdpOutboxFullError(capacity);
      }
    }
    this.#keep(events);
  }

  claim(request: ClaimRequest): readonly ClaimedEvent[] {
    return this.#claims.claim(request, this.#context.monotonic(), this.#fresh);
  }

  acknowledge(events: readonly ClaimedEvent[]): number {
    const ended = this.#end(events);
    for (const event of ended) this.#forget(event);
    this.#admitWaiting();
    return ended.length;
  }

  release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): void {
    const ended = this.#end(events);
    if (failed) for (const event of ended) event.failedAttempts++;
    this.#claims.release(ended, this.#context.monotonic() + delay);
  }

  deadLetter(events: readonly ClaimedEvent[], cause: DeadLetterCause): number {
    const ended = this.#end(events);
    for (const event of ended) {
      this.#forget(event);
      this.#deadLetters.add(event, event.failedAttempts, cause, this.#context);
    }
    this.#admitWaiting();
    return ended.length;
  }

  checkpoint(): OutboxCheckpoint {
    return this.#checkpoints.mark(this.#sequence, this.#pending);
  }

  counts(): OutboxCounts {
    const oldest = Math.min(
      this.#claims.oldest ?? Infinity,
      this.#fresh.peek()?.since ?? Infinity,
    );
    return {
      pending: this.#pending,
      oldestAge:
        oldest === Infinity
          ? undefined
          : Math.max(this.#context.monotonic() - oldest, 0),
      deadLetters: this.#deadLetters.size,
    };
  }

  deadLetters(
    filter: DeadLetterFilter,
    page: DeadLetterPage,
  ): readonly StoredDeadLetter[] {
    return this.#deadLetters.list(filter, page);
  }

  requeue(filter: DeadLetterFilter, limit = Infinity): number {
    let count = 0;
    let bytes = 0;
    const letters = this.#deadLetters.remove(filter, ({ payload }) => {
      bytes += payload.length;
      return count < limit && this.#fits(count + 1, bytes) && ++count > 0;
    });
    const createdAt = this.#context.now();
    this.#keep(letters.map(({ id, payload }) => ({ id, payload, createdAt })));
    if (count > 0) this.#context.ready();
    return count;
  }

  trimDeadLetters(): void {
    this.#deadLetters.trim(this.#context);
  }

  purge(filter: DeadLetterFilter): number {
    return this.#deadLetters.remove(filter).length;
  }

  erase(identifiers: Readonly<Record<string, string>>): ErasedEvents {
    const named = ({ payload }: KeptEvent) =>
      namesIdentifier(payload, identifiers);
    const erased = [
      ...this.#fresh.remove(named),
      ...this.#claims.remove(named),
    ];
    for (const event of erased) this.#forget(event);
    this.#admitWaiting();
    return {
      pending: erased.length,
      deadLetters: this.#deadLetters.erase(identifiers),
    };
  }

  close(): void {
    this.#opened = undefined;
    this.#waiting.close();
  }

  get #context(): OutboxContext {
    if (this.#opened !== undefined) return this.#opened;
    throw new OdpOutboxError(
      'This memoryOutbox() is not open. Send events between the start of the app and its shutdown.',
    );
  }

  #end(events: readonly ClaimedEvent[]): KeptEvent[] {
    const ended: KeptEvent[] = [];
    for (const claimed of events) {
      const event = this.#claims.end(claimed);
      if (event !== undefined) ended.push(event);
    }
    return ended;
  }

  #fits(count: number, bytes: number): boolean {
    return (
      this.#pending + count <= this.#options.capacity &&
      this.#bytes + bytes <= this.#maxBytes
    );
  }

  #keep(events: readonly OutboxEvent[]): void {
    if (events.length === 0) return;
    const since = this.#context.monotonic();
    for (const event of events) {
      this.#bytes += event.payload.length;
      this.#fresh.push(new KeptEvent(event, this.#sequence++, since));
    }
    this.#pending += events.length;
  }

  #forget(event: KeptEvent): void {
    this.#pending--;
    this.#bytes -= event.payload.length;
    this.#checkpoints.forgotten(event.sequence);
  }

  #admitWaiting(): void {
    if (this.#waiting.admit()) this.#context.ready();
  }

  /** Drops the oldest unclaimed events until `count` more fit; drops none if that is not possible. */
  #makeCapacity(count: number, bytes: number): boolean {
    const held = [...this.#claims.held()];
    if (
      held.length + count > this.#options.capacity ||
      sizeOf(held) + bytes > this.#maxBytes
    ) {
      return false;
    }
    while (!this.#fits(count, bytes)) {
      const oldest = this.#claims.takeReleased() ?? this.#fresh.shift();
      if (oldest === undefined) return false;
      this.#forget(oldest);
      this.#context.dropped(oldest);
    }
    return true;
  }
}
