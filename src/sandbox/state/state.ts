import type { ResolvedOptions } from '../options.js';
import { Customers } from './customers.js';
import { EventLog } from './event-log.js';
import { RequestLog } from './request-log.js';
import type { Segments } from './segments.js';
import { Signal } from './signal.js';

/** How much came in since the sandbox was last cleared. */
export interface Totals {
  readonly events: number;
  readonly duplicates: number;
  readonly requests: number;
  /** Requests without a 2xx. */
  readonly refused: number;
}

/** How much {@link SandboxState.restore} would bring back. */
export interface Restorable {
  readonly events: number;
  readonly requests: number;
}

const NOTHING: Restorable = { events: 0, requests: 0 };

/** What the sandbox has seen. */
export class SandboxState {
  readonly events: EventLog;
  readonly requests: RequestLog;
  readonly customers: Customers;
  readonly #replaced = new Signal<'clear' | 'restore'>();
  #putBack: (() => void)[] = [];
  #restorable = NOTHING;
  #version = 0;

  constructor(
    {
      maxEvents,
      identifiers,
    }: Pick<ResolvedOptions, 'maxEvents' | 'identifiers'>,
    segments: Segments,
  ) {
    this.events = new EventLog(maxEvents);
    this.requests = new RequestLog(maxEvents);
    this.customers = new Customers(
      this.events,
      segments,
      maxEvents,
      identifiers,
    );
  }

  /** Changes whenever everything was cleared or put back. */
  get version(): number {
    return this.#version;
  }

  get restorable(): Restorable {
    return this.#restorable;
  }

  get totals(): Totals {
    const { events, requests } = this;
    return {
      events: events.received,
      duplicates: events.duplicates,
      requests: requests.received,
      refused: requests.refused,
    };
  }

  /** Empties the sandbox; {@link restore} undoes it until the next clear. */
  clear(): Restorable {
    const { events, requests } = this.totals;
    this.#restorable = { events, requests };
    this.#putBack = [this.events, this.requests, this.customers].map((part) =>
      part.clear(),
    );
    this.#replace('clear');
    return this.#restorable;
  }

  /** Brings back what was last cleared; `false` if there is nothing. */
  restore(): boolean {
    if (this.#putBack.length === 0) return false;
    for (const putBack of this.#putBack) putBack();
    this.forgetCleared();
    this.#replace('restore');
    return true;
  }

  /** Makes the last clear final, which frees its memory. */
  forgetCleared(): void {
    this.#putBack = [];
    this.#restorable = NOTHING;
  }

  /** Calls `listener` after each clear and restore; returns how to stop it. */
  onReplaced(listener: (how: 'clear' | 'restore') => void): () => void {
    return this.#replaced.listen(listener);
  }

  /** Calls `listener` after every change; returns how to stop it. */
  listen(listener: () => void): () => void {
    const stops = [
      this.events.listen(listener),
      this.requests.listen(listener),
      this.#replaced.listen(listener),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  #replace(how: 'clear' | 'restore'): void {
    this.#version++;
    this.#replaced.emit(how);
  }
}
