import type { ServerResponse } from 'node:http';
import type { ActiveFaults } from '../faults/active-faults.js';
import type { OdpReceivedRequest } from '../state/received.js';
import type { SandboxState } from '../state/state.js';

/** What a page lists at most; it is not sent more either. */
const PAGE_EVENTS = 10_000;
const PAGE_REQUESTS = 2_000;
const AT_ONCE = 500;

/**
 * One open page. It remembers how far it was told, and is told the rest as fast
 * as it takes it: a slow page misses events, and fills no buffer.
 */
export class StreamClient {
  readonly #response: ServerResponse;
  readonly #state: SandboxState;
  readonly #faults: ActiveFaults;
  #seq = 0;
  #requestId = 0;
  #clears: number;
  #faultsVersion = -1;
  #isFull = false;

  constructor(
    response: ServerResponse,
    state: SandboxState,
    faults: ActiveFaults,
    hello: object,
  ) {
    this.#response = response;
    this.#state = state;
    this.#faults = faults;
    this.#clears = state.clears;
    response.on('drain', () => {
      this.#isFull = false;
      this.pump();
    });
    this.#write('hello', hello);
  }

  /** Sends what is new, until there is nothing or the page takes no more. */
  pump(): void {
    if (this.#clears !== this.#state.clears && !this.#isFull) {
      this.#clears = this.#state.clears;
      this.#write('cleared', {});
    }
    if (this.#faultsVersion !== this.#faults.version && !this.#isFull) {
      this.#faultsVersion = this.#faults.version;
      this.#write('faults', this.#faults.all());
    }
    while (!this.#isFull && this.#pumpBatch());
  }

  #pumpBatch(): boolean {
    const { events, requests } = this.#state;
    const newEvents = events.after(
      Math.max(this.#seq, events.seq - PAGE_EVENTS),
      AT_ONCE,
    );
    const newRequests = requests.after(
      Math.max(this.#requestId, requests.id - PAGE_REQUESTS),
      AT_ONCE,
    );
    if (newEvents.length === 0 && newRequests.length === 0) return false;
    this.#seq = newEvents.at(-1)?.seq ?? this.#seq;
    this.#requestId = newRequests.at(-1)?.id ?? this.#requestId;
    this.#write('batch', {
      events: newEvents,
      requests: newRequests.map(summary),
      totals: {
        events: events.received,
        duplicates: events.duplicates,
        requests: requests.received,
        refused: requests.refused,
      },
    });
    return true;
  }

  #write(event: string, data: unknown): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    if (!this.#response.write(text)) this.#isFull = true;
  }
}

/** Without headers and body: the page asks for those of the one it shows. */
function summary(request: OdpReceivedRequest) {
  const { headers: _, body: __, answer: ___, ...rest } = request;
  return rest;
}
