import { ActiveFaults } from './faults/active-faults.js';
import type { OdpActiveFault, OdpFault } from './faults/fault.js';
import { type OdpSandboxOptions, resolveOptions } from './options.js';
import { type Listening, listen } from './server/http-server.js';
import { PageHandler } from './server/page-handler.js';
import { route } from './server/router.js';
import { WireHandler } from './server/wire-handler.js';
import type { AudienceState, OdpSandboxCustomer } from './state/customers.js';
import type { EventListener } from './state/event-log.js';
import type { OdpReceivedEvent, OdpReceivedRequest } from './state/received.js';
import { SandboxState } from './state/state.js';
import { Waiting } from './state/waiting.js';
import { Odp } from './wire/odp.js';

/** A local ODP: what is sent to it arrives at once, in sight. */
export class OdpSandbox {
  /** Its address, for `apiHost` and for a browser, e.g. `http://127.0.0.1:4100`. */
  readonly url: string;

  readonly #listening: Listening;
  readonly #state: SandboxState;
  readonly #faults: ActiveFaults;
  readonly #waiting: Waiting;
  readonly #handlers: readonly { close(): void }[];

  private constructor(
    listening: Listening,
    state: SandboxState,
    faults: ActiveFaults,
    handlers: readonly { close(): void }[],
  ) {
    this.url = listening.url;
    this.#listening = listening;
    this.#state = state;
    this.#faults = faults;
    this.#waiting = new Waiting(state.events);
    this.#handlers = handlers;
  }

  /**
   * Starts a sandbox of its own; any number may run in one process.
   *
   * @throws OdpSandboxError `invalidOption`, or `portTaken`
   */
  static async start(options: OdpSandboxOptions = {}): Promise<OdpSandbox> {
    const resolved = resolveOptions(options);
    const state = new SandboxState(resolved);
    const faults = new ActiveFaults(resolved.random);
    const odp = new Odp(resolved, state, faults);
    const wire = new WireHandler(odp, resolved.maxBodyBytes);
    const page = new PageHandler(resolved, state, faults);
    const listening = await listen(
      resolved.port,
      resolved.host,
      ({ isLoopback }) =>
        route(
          {
            wire: (request, response) => wire.handle(request, response),
            page: (request, response) => page.handle(request, response),
          },
          isLoopback,
        ),
    );
    return new OdpSandbox(listening, state, faults, [wire, page]);
  }

  /** The accepted events that are kept, in the order of their arrival. */
  events(): OdpReceivedEvent[] {
    return this.#state.events.all();
  }

  /** The requests to `/v3` that are kept, in order, whatever became of them. */
  requests(): OdpReceivedRequest[] {
    return this.#state.requests.all();
  }

  /** The customers behind the kept events, stitched by shared identifiers. */
  customers(): OdpSandboxCustomer[] {
    return this.#state.customers.all();
  }

  /** The customer that one of these identifiers leads to, e.g. `{ email }`. */
  customer(
    identifiers: Readonly<Record<string, string>>,
  ): OdpSandboxCustomer | undefined {
    return this.#state.customers.find(identifiers);
  }

  /**
   * Says which audiences a customer is in, for `POST /v3/graphql`; the customer
   * need not be known yet.
   *
   * @param audiences names (each `qualified`), or states by name
   */
  setAudiences(
    identifiers: Readonly<Record<string, string>>,
    audiences: readonly string[] | Readonly<Record<string, AudienceState>>,
  ): void {
    const states = Array.isArray(audiences)
      ? Object.fromEntries(audiences.map((name) => [name, 'qualified']))
      : (audiences as Readonly<Record<string, AudienceState>>);
    this.#state.customers.setAudiences(identifiers, states);
  }

  /**
   * Waits until this many events have been accepted since the start or the
   * last {@link reset}, duplicates included; resolves to those that are kept.
   *
   * @throws OdpSandboxError `timeout` after `timeout` ms (5000 unless given),
   * `closed` when the sandbox is closed meanwhile
   */
  waitFor(
    count: number,
    options?: { readonly timeout?: number },
  ): Promise<OdpReceivedEvent[]>;
  /** Waits for an event that `predicate` holds for, among the kept ones or to come. */
  waitFor(
    predicate: (received: OdpReceivedEvent) => boolean,
    options?: { readonly timeout?: number },
  ): Promise<OdpReceivedEvent>;
  waitFor(
    wanted: number | ((received: OdpReceivedEvent) => boolean),
    { timeout = 5000 }: { readonly timeout?: number } = {},
  ): Promise<OdpReceivedEvent | OdpReceivedEvent[]> {
    return typeof wanted === 'number'
      ? this.#waiting.forCount(wanted, timeout)
      : this.#waiting.forEvent(wanted, timeout);
  }

  /** Calls `listener` with each request's accepted events; returns how to stop it. */
  onEvents(listener: EventListener): () => void {
    return this.#state.events.listen(listener);
  }

  /**
   * Makes something go wrong from now on, e.g. `{ status: 503, times: 2 }`.
   * Several faults may be on.
   *
   * @throws OdpSandboxError `invalidFault`
   */
  fail(fault: OdpFault): OdpActiveFault {
    return this.#faults.add(fault);
  }

  /** The faults that are on. */
  faults(): OdpActiveFault[] {
    return this.#faults.all();
  }

  /** Ends every fault. What already hangs goes on hanging. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** Forgets events, requests, customers and audiences, and ends every fault. */
  reset(): void {
    this.clearFaults();
    this.#state.clear();
  }

  /** Breaks every connection off and frees the port; what waits is rejected. */
  async close(): Promise<void> {
    this.#waiting.close();
    for (const handler of this.#handlers) handler.close();
    await this.#listening.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
