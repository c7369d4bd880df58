import { Kept } from './kept.js';
import type { OdpReceivedRequest } from './received.js';

/** Requests in the order of their arrival, whatever became of them. */
export class RequestLog {
  readonly #requests: Kept<OdpReceivedRequest>;
  readonly #listeners = new Set<() => void>();
  #id = 0;
  #clearedAt = 0;
  #refused = 0;

  constructor(keep: number) {
    this.#requests = new Kept(keep);
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
    // Its events count as well: their bodies are what takes the room.
    this.#requests.add(request, Math.max(1, request.batchSize), bytes);
    if (request.status === undefined || request.status >= 300) this.#refused++;
    for (const listener of this.#listeners) listener();
  }

  /** The kept requests, oldest first. */
  all(): OdpReceivedRequest[] {
    return [...this.#requests];
  }

  /** Up to `limit` kept requests that came in after the one with this `id`. */
  after(id: number, limit: number): OdpReceivedRequest[] {
    const found: OdpReceivedRequest[] = [];
    const start = this.#requests.firstIndex((request) => request.id > id);
    const end = Math.min(this.#requests.length, start + limit);
    for (let i = start; i < end; i++) found.push(this.#requests.at(i));
    return found;
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  clear(): void {
    this.#requests.clear();
    this.#clearedAt = this.#id;
    this.#refused = 0;
  }
}
