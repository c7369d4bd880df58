import type { ServerResponse } from 'node:http';
import type { ActiveFaults } from '../faults/active-faults.js';
import type { SandboxState } from '../state/state.js';
import { StreamClient } from './stream-client.js';

/** How long changes are gathered before the pages hear of them, in ms. */
const GATHER = 50;

/** Tells open pages of what happens. While none is open it does nothing. */
export class EventStream {
  readonly #state: SandboxState;
  readonly #faults: ActiveFaults;
  readonly #clients = new Set<StreamClient>();
  #stops: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(state: SandboxState, faults: ActiveFaults) {
    this.#state = state;
    this.#faults = faults;
  }

  /** Sends the page what is kept, and then what comes. */
  open(response: ServerResponse, hello: object): void {
    const client = new StreamClient(response, this.#state, this.#faults, hello);
    if (this.#clients.size === 0) this.#listen();
    this.#clients.add(client);
    response.on('close', () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.close();
    });
    client.pump();
  }

  /** Stops listening; the connections are the server's to end. */
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
      }, GATHER);
    };
    this.#stops = [this.#state.listen(wake), this.#faults.listen(wake)];
  }
}
