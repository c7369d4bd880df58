import { Kept } from './kept.js';
import type { OdpReceivedEvent, OdpSandboxEvent } from './received.js';

/** Hears of events once they are accepted, a request's together. */
export type EventListener = (events: readonly OdpReceivedEvent[]) => void;

/** One accepted event with its place in the request. */
export interface Acceptable {
  readonly index: number;
  readonly event: OdpSandboxEvent;
}

/** The request that events came in with. */
export interface Carrier {
  readonly requestId: number;
  readonly receivedAt: Date;
  readonly batchSize: number;
  readonly bytes: number;
}

/** Accepted events in the order of their arrival. */
export class EventLog {
  readonly #batches: Kept<readonly OdpReceivedEvent[]>;
  readonly #lastSeqById = new Map<string, number>();
  readonly #listeners = new Set<EventListener>();
  #seq = 0;
  #clearedAt = 0;
  #duplicates = 0;
  #generation = 0;

  constructor(keep: number) {
    this.#batches = new Kept(keep);
  }

  /** The `seq` of the newest event. */
  get seq(): number {
    return this.#seq;
  }

  /** How many were accepted since the log was last cleared. */
  get received(): number {
    return this.#seq - this.#clearedAt;
  }

  /** How many of them were duplicates. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Changes whenever kept events have been forgotten. */
  get generation(): number {
    return this.#generation;
  }

  add(accepted: readonly Acceptable[], carrier: Carrier): void {
    if (accepted.length === 0) return;
    const records = accepted.map((one) => this.#record(one, carrier));
    const gone = this.#batches.add(records, records.length, carrier.bytes);
    for (const batch of gone) this.#forget(batch);
    for (const listener of this.#listeners) listener(records);
  }

  /** The kept events, oldest first. */
  all(): OdpReceivedEvent[] {
    return [...this.#batches].flat();
  }

  /** Up to `limit` kept events that arrived after the one with this `seq`. */
  after(seq: number, limit: number): OdpReceivedEvent[] {
    const found: OdpReceivedEvent[] = [];
    const start = this.#batches.firstIndex((batch) => batch.at(-1)!.seq > seq);
    for (let i = start; i < this.#batches.length; i++) {
      for (const record of this.#batches.at(i)) {
        if (record.seq <= seq) continue;
        found.push(record);
        if (found.length === limit) return found;
      }
    }
    return found;
  }

  /** Calls `listener` for what is accepted from now on; returns how to stop it. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  clear(): void {
    this.#batches.clear();
    this.#lastSeqById.clear();
    this.#clearedAt = this.#seq;
    this.#duplicates = 0;
    this.#generation++;
  }

  #record({ index, event }: Acceptable, carrier: Carrier): OdpReceivedEvent {
    const seq = ++this.#seq;
    const id = event.data['idempotence_id'];
    let duplicateOf: number | undefined;
    if (typeof id === 'string' && id !== '') {
      duplicateOf = this.#lastSeqById.get(id);
      this.#lastSeqById.set(id, seq);
      if (duplicateOf !== undefined) this.#duplicates++;
    }
    return {
      seq,
      receivedAt: carrier.receivedAt,
      requestId: carrier.requestId,
      index,
      batchSize: carrier.batchSize,
      duplicate: duplicateOf !== undefined,
      ...(duplicateOf === undefined ? {} : { duplicateOf }),
      event,
    };
  }

  #forget(batch: readonly OdpReceivedEvent[]): void {
    this.#generation++;
    for (const { seq, event } of batch) {
      const id = event.data['idempotence_id'] as string;
      if (this.#lastSeqById.get(id) === seq) this.#lastSeqById.delete(id);
    }
  }
}
