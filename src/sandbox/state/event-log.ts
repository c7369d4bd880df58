import { Kept } from './kept.js';
import type { OdpReceivedEvent, OdpSandboxEvent } from './received.js';
import { Signal } from './signal.js';

/** Called with the events that one request brought, once they are accepted. */
export type EventListener = (events: readonly OdpReceivedEvent[]) => void;

/** One accepted event and its place in the request. */
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

/** Accepted events in order of arrival. */
export class EventLog {
  readonly #added = new Signal<readonly OdpReceivedEvent[]>();
  readonly #batches: Kept<readonly OdpReceivedEvent[]>;
  readonly #lastSeqById = new Map<string, number>();
  #seq = 0;
  #clearedAt = 0;
  #duplicates = 0;
  #generation = 0;

  constructor(maxEvents: number) {
    this.#batches = new Kept(maxEvents);
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

  /** Changes whenever kept events were dropped or put back. */
  get generation(): number {
    return this.#generation;
  }

  add(accepted: readonly Acceptable[], carrier: Carrier): void {
    if (accepted.length === 0) return;
    const records = accepted.map((one) => this.#record(one, carrier));
    this.#keep(records, carrier.bytes);
    this.#added.emit(records);
  }

  /** Takes over events that an earlier run accepted. */
  load(records: readonly OdpReceivedEvent[], bytes: number): void {
    const [first] = records;
    if (first === undefined) return;
    if (this.#batches.length === 0) this.#clearedAt = first.seq - 1;
    for (const record of records) {
      this.#seq = record.seq;
      this.#index(record);
      if (record.duplicate) this.#duplicates++;
    }
    this.#keep(records, bytes);
  }

  /** The kept events, oldest first. */
  all(): OdpReceivedEvent[] {
    return [...this.#batches].flat();
  }

  /** The kept events by request, oldest first. */
  batches(): Iterable<readonly OdpReceivedEvent[]> {
    return this.#batches;
  }

  /** Up to `limit` kept events with a higher `seq`, oldest first. */
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

  /** Calls `listener` for events accepted from now on; returns how to stop it. */
  listen(listener: EventListener): () => void {
    return this.#added.listen(listener);
  }

  /** Forgets all events, and returns a function that puts them back. */
  clear(): () => void {
    const putBack = this.#batches.clear();
    const [clearedAt, duplicates] = [this.#clearedAt, this.#duplicates];
    this.#lastSeqById.clear();
    this.#clearedAt = this.#seq;
    this.#duplicates = 0;
    this.#generation++;
    return () => {
      this.#forget(putBack());
      for (const record of this.all()) this.#index(record);
      this.#clearedAt = clearedAt;
      this.#duplicates += duplicates;
    };
  }

  #record({ index, event }: Acceptable, carrier: Carrier): OdpReceivedEvent {
    const received = {
      seq: ++this.#seq,
      receivedAt: carrier.receivedAt,
      requestId: carrier.requestId,
      index,
      batchSize: carrier.batchSize,
      event,
    };
    const duplicateOf = this.#index(received);
    if (duplicateOf === undefined) return { ...received, duplicate: false };
    this.#duplicates++;
    return { ...received, duplicate: true, duplicateOf };
  }

  /** Remembers the event by its `idempotence_id`; returns the last with the same. */
  #index({
    seq,
    event,
  }: Pick<OdpReceivedEvent, 'seq' | 'event'>): number | undefined {
    const id = event.data['idempotence_id'];
    if (typeof id !== 'string' || id === '') return undefined;
    const last = this.#lastSeqById.get(id);
    this.#lastSeqById.set(id, seq);
    return last;
  }

  #keep(records: readonly OdpReceivedEvent[], bytes: number): void {
    const gone = this.#batches.add(records, records.length, bytes);
    if (gone.length > 0) this.#forget(gone);
  }

  #forget(batches: readonly (readonly OdpReceivedEvent[])[]): void {
    this.#generation++;
    for (const { seq, event } of batches.flat()) {
      const id = event.data['idempotence_id'] as string;
      if (this.#lastSeqById.get(id) === seq) this.#lastSeqById.delete(id);
    }
  }
}
