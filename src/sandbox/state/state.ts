import type { ResolvedOptions } from '../options.js';
import { Customers } from './customers.js';
import { EventLog } from './event-log.js';
import { RequestLog } from './request-log.js';

/** What the sandbox has seen. */
export class SandboxState {
  readonly events: EventLog;
  readonly requests: RequestLog;
  readonly customers: Customers;
  readonly #listeners = new Set<() => void>();
  #clears = 0;

  constructor({
    keep,
    identifiers,
  }: Pick<ResolvedOptions, 'keep' | 'identifiers'>) {
    this.events = new EventLog(keep);
    this.requests = new RequestLog(keep);
    this.customers = new Customers(this.events, keep, identifiers);
  }

  /** How often it has been cleared. */
  get clears(): number {
    return this.#clears;
  }

  clear(): void {
    this.#clears++;
    this.events.clear();
    this.requests.clear();
    this.customers.clear();
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after every change; returns how to stop it. */
  listen(listener: () => void): () => void {
    const stops = [
      this.events.listen(listener),
      this.requests.listen(listener),
      () => this.#listeners.delete(listener),
    ];
    this.#listeners.add(listener);
    return () => {
      for (const stop of stops) stop();
    };
  }
}
