import type { ResolvedOptions } from '../options.js';
import { Customers } from './customers.js';
import { EventLog } from './event-log.js';
import { RequestLog } from './request-log.js';

/** What the sandbox has seen. */
export class SandboxState {
  readonly events: EventLog;
  readonly requests: RequestLog;
  readonly customers: Customers;
  readonly #cleared = new Set<() => void>();

  constructor({
    keep,
    identifiers,
  }: Pick<ResolvedOptions, 'keep' | 'identifiers'>) {
    this.events = new EventLog(keep);
    this.requests = new RequestLog(keep);
    this.customers = new Customers(this.events, keep, identifiers);
  }

  clear(): void {
    this.events.clear();
    this.requests.clear();
    this.customers.clear();
    for (const listener of this.#cleared) listener();
  }

  onCleared(listener: () => void): () => void {
    this.#cleared.add(listener);
    return () => this.#cleared.delete(listener);
  }
}
