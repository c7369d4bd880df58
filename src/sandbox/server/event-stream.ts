import type { ServerResponse } from 'node:http';
import type { SandboxState } from '../state/state.js';
import { type Setting, StreamClient } from './stream-client.js';

/** How long changes are collected before the pages are sent them. */
const COLLECT_MS = 50;

/** Sends open pages what happens. While none is open it does nothing. */
export class EventStream {
  readonly #state: SandboxState;
  readonly #settings: readonly Setting[];
  readonly #clients = new Set<StreamClient>();
  #stops: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(state: SandboxState, settings: readonly Setting[]) {
    this.#state = state;
    this.#settings = settings;
  }

  /** Sends the page what is kept, and then what comes. */
  open(response: ServerResponse, hello: object): void {
    const client = new StreamClient(
      response,
      this.#state,
      this.#settings,
      hello,
    );
    if (this.#clients.size === 0) this.#listen();
    this.#clients.add(client);
    response.on('close', () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.close();
    });
    client.pump();
  }

  /** Stops listening; the server ends the connections. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #listen(): void {
    const wake = () => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        for (const client of this.#clients) client.pump();
      }, COLLECT_MS);
    };
    this.#stops = [
      this.#state.listen(wake),
      ...this.#settings.map(({ source }) => source.listen(wake)),
    ];
  }
}
