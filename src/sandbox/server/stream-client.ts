import type { ServerResponse } from 'node:http';
import type { OdpReceivedRequest } from '../state/received.js';
import type { SandboxState } from '../state/state.js';
import { refusalOf } from '../wire/refusal.js';

/** What a page lists at most, so it is not sent more. */
const PAGE_EVENTS = 10_000;
const PAGE_REQUESTS = 2_000;
const AT_ONCE = 500;

/** Something that a page is sent whenever it changes, and at first. */
export interface Setting {
  /** The name of the server-sent event. */
  readonly name: string;
  readonly source: {
    readonly version: number;
    listen(listener: () => void): () => void;
  };
  view(): unknown;
}

/**
 * One open page. It remembers how far the page got, and sends the rest as fast
 * as the page takes it: a slow one misses events rather than filling a buffer.
 */
export class StreamClient {
  readonly #response: ServerResponse;
  readonly #state: SandboxState;
  readonly #settings: readonly Setting[];
  readonly #versions = new Map<Setting, number>();
  #seq = 0;
  #requestId = 0;
  #stateVersion: number;
  #isFull = false;

  constructor(
    response: ServerResponse,
    state: SandboxState,
    settings: readonly Setting[],
    hello: object,
  ) {
    this.#response = response;
    this.#state = state;
    this.#settings = settings;
    this.#stateVersion = state.version;
    response.on('drain', () => {
      this.#isFull = false;
      this.pump();
    });
    this.#write('hello', {
      ...hello,
      // By these a page that was away knows whether what it lists still holds.
      clears: state.version,
      newest: {
        event: state.events.received === 0 ? 0 : state.events.seq,
        request: state.requests.received === 0 ? 0 : state.requests.id,
      },
      restorable: state.restorable,
    });
  }

  /** Sends what is new, until nothing is left or the page takes no more. */
  pump(): void {
    if (this.#stateVersion !== this.#state.version && !this.#isFull) {
      this.#stateVersion = this.#state.version;
      // After a restore, what was kept comes again as well.
      this.#seq = this.#requestId = 0;
      this.#write('cleared', { restorable: this.#state.restorable });
    }
    for (const setting of this.#settings) {
      const { version } = setting.source;
      if (this.#isFull || this.#versions.get(setting) === version) continue;
      this.#versions.set(setting, version);
      this.#write(setting.name, setting.view());
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
      totals: this.#state.totals,
    });
    return true;
  }

  #write(event: string, data: unknown): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    if (!this.#response.write(text)) this.#isFull = true;
  }
}

/** Without headers and body: the page asks for those when it shows a request. */
function summary(request: OdpReceivedRequest) {
  const { headers: _, body: __, answer: ___, ...rest } = request;
  return { ...rest, refusal: refusalOf(request) };
}
