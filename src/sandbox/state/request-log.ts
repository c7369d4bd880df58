import { Kept } from './kept.js';
import type { OdpReceivedRequest } from './received.js';
import { Signal } from './signal.js';

/** Requests in order of arrival, whatever became of them. */
export class RequestLog {
  readonly #added = new Signal<OdpReceivedRequest>();
  readonly #requests: Kept<OdpReceivedRequest>;
  #id = 0;
  #clearedAt = 0;
  #refused = 0;

  constructor(maxEvents: number) {
    this.#requests = new Kept(maxEvents);
  }

  /** The `id` of the newest request. */
  get id(): number {
    return this.#id;
  }

  /** How many came in since the log was last cleared. */
  get received(): number {
    return this.#id - this.#clearedAt;
  }

  /** How many of them got no 2xx. */
  get refused(): number {
    return this.#refused;
  }

  nextId(): number {
    return ++this.#id;
  }

  add(request: OdpReceivedRequest, bytes: number): void {
    this.#keep(request, bytes);
    this.#added.emit(request);
  }

  /** Takes over a request that an earlier run received. */
  load(request: OdpReceivedRequest, bytes: number): void {
    if (this.#requests.length === 0) this.#clearedAt = request.id - 1;
    this.#id = request.id;
    this.#keep(request, bytes);
  }

  /** The kept requests, oldest first. */
  all(): OdpReceivedRequest[] {
    return [...this.#requests];
  }

  /** Up to `limit` kept requests with a higher `id`, oldest first. */
  after(id: number, limit: number): OdpReceivedRequest[] {
    const found: OdpReceivedRequest[] = [];
    const start = this.#requests.firstIndex((request) => request.id > id);
    const end = Math.min(this.#requests.length, start + limit);
    for (let i = start; i < end; i++) found.push(this.#requests.at(i));
    return found;
  }

  listen(listener: (request: OdpReceivedRequest) => void): () => void {
    return this.#added.listen(listener);
  }

  /** Forgets all requests, and returns a function that puts them back. */
  clear(): () => void {
    const putBack = this.#requests.clear();
    const [clearedAt, refused] = [this.#clearedAt, this.#refused];
    this.#clearedAt = this.#id;
    this.#refused = 0;
    return () => {
      putBack();
      this.#clearedAt = clearedAt;
      this.#refused += refused;
    };
  }

  #keep(request: OdpReceivedRequest, bytes: number): void {
    // Weighed by its events, whose text is what takes the memory.
    this.#requests.add(request, Math.max(1, request.batchSize), bytes);
    if (request.status === undefined || request.status >= 300) this.#refused++;
  }
}
