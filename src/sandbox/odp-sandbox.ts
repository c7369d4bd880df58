import type { OdpActiveFault, OdpFault } from './faults/fault.js';
import { type OdpSandboxOptions, resolveOptions } from './options.js';
import { type Parts, startParts } from './parts.js';
import type { OdpSandboxIntegration } from './state/account.js';
import type { OdpSandboxCustomer } from './state/customers.js';
import type { EventListener } from './state/event-log.js';
import type { OdpSandboxSegment, SegmentState } from './state/segments.js';
import type { OdpReceivedEvent, OdpReceivedRequest } from './state/received.js';

/** A local ODP that shows at once what is sent to it. */
export class OdpSandbox {
  /** Its address, for `apiHost` and for a browser, e.g. `http://127.0.0.1:4100`. */
  readonly url: string;

  /** The address of its datafile, which makes it the account of an app. */
  readonly datafileUrl: string;

  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.url = parts.url;
    this.datafileUrl = parts.datafileUrl;
    this.#parts = parts;
  }

  /**
   * Starts a sandbox of its own; any number may run in one process.
   *
   * @throws OdpSandboxError `invalidOption`, or `portTaken`
   */
  static async start(options: OdpSandboxOptions = {}): Promise<OdpSandbox> {
    return new OdpSandbox(await startParts(resolveOptions(options)));
  }

  /** The accepted events that are kept, in order of arrival. */
  events(): OdpReceivedEvent[] {
    return this.#parts.state.events.all();
  }

  /** The requests to `/v3` that are kept, in order, whatever became of them. */
  requests(): OdpReceivedRequest[] {
    return this.#parts.state.requests.all();
  }

  /** The customers behind the kept events, stitched by shared identifiers. */
  customers(): OdpSandboxCustomer[] {
    return this.#parts.state.customers.all();
  }

  /** The customer that one of these identifiers leads to, e.g. `{ email }`. */
  customer(
    identifiers: Readonly<Record<string, string>>,
  ): OdpSandboxCustomer | undefined {
    return this.#parts.state.customers.find(identifiers);
  }

  /**
   * Adds a segment by a rule over what arrived, or replaces the one of its
   * name: `{ name: 'vip', when: { type: 'order', atLeast: 3 } }`.
   *
   * @throws OdpSandboxError `invalidOption`
   */
  defineSegment(segment: OdpSandboxSegment): void {
    this.#parts.segments.define(segment);
  }

  /** The segments that have a rule. */
  segments(): OdpSandboxSegment[] {
    return this.#parts.segments.all();
  }

  /** Removes the segment's rule; `false` if it has none. */
  removeSegment(name: string): boolean {
    return this.#parts.segments.remove(name);
  }

  /**
   * Pins a customer's state in segments, whatever their rules say; the
   * customer need not be known yet.
   *
   * @param segments names (each `qualified`), or states by name, of which
   * `null` leaves it to the rule again
   */
  setSegments(
    identifiers: Readonly<Record<string, string>>,
    segments: readonly string[] | Readonly<Record<string, SegmentState | null>>,
  ): void {
    this.#parts.state.customers.pin(identifiers, segments);
  }

  /**
   * Waits until this many events have been accepted since the start or the
   * last {@link reset}, duplicates included; resolves to those that are kept.
   *
   * @throws OdpSandboxError `timeout` after `timeout` ms (5000 by default),
   * `closed` if the sandbox is closed meanwhile
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
  async waitFor(
    wanted: number | ((received: OdpReceivedEvent) => boolean),
    { timeout = 5000 }: { readonly timeout?: number } = {},
  ): Promise<OdpReceivedEvent | OdpReceivedEvent[]> {
    const { waiting } = this.#parts;
    if (typeof wanted === 'number') return waiting.forCount(wanted, timeout);
    const [event] = await waiting.forMatches(wanted, 1, timeout);
    return event!;
  }

  /** Calls `listener` with each request's accepted events; returns how to stop it. */
  onEvents(listener: EventListener): () => void {
    return this.#parts.state.events.listen(listener);
  }

  /** Calls `listener` with each request to `/v3`; returns how to stop it. */
  onRequest(listener: (request: OdpReceivedRequest) => void): () => void {
    return this.#parts.state.requests.listen(listener);
  }

  /**
   * Makes something go wrong from now on, e.g. `{ status: 503, times: 2 }`.
   * Several faults may be on.
   *
   * @throws OdpSandboxError `invalidFault`
   */
  fail(fault: OdpFault): OdpActiveFault {
    return this.#parts.faults.add(fault);
  }

  /** The faults that are on. */
  faults(): OdpActiveFault[] {
    return this.#parts.faults.all();
  }

  /** Ends every fault. Requests that already hang go on hanging. */
  clearFaults(): void {
    this.#parts.faults.clear();
  }

  /** What the datafile says about ODP; by default, the sandbox itself. */
  integration(): OdpSandboxIntegration | null {
    return this.#parts.account.integrationAt(this.url);
  }

  /**
   * Makes the datafile say exactly this about ODP from now on, with a new
   * `revision`: `{ ...sandbox.integration(), publicKey: 'another' }`. `null`
   * serves a datafile without ODP, `undefined` the sandbox itself again.
   *
   * @throws OdpSandboxError `invalidOption`
   */
  setIntegration(integration: OdpSandboxIntegration | null | undefined): void {
    this.#parts.account.setIntegration(integration);
  }

  /** Accepts only this key under `/v3` from now on; `undefined`: any key. */
  setApiKey(apiKey: string | undefined): void {
    this.#parts.account.apiKey = apiKey;
  }

  /** Restores the initial state, and forgets what came in. */
  reset(): void {
    this.clearFaults();
    this.#parts.account.reset();
    this.#parts.resetSegments();
    this.#parts.state.clear();
    this.#parts.state.forgetCleared();
  }

  /** Closes every connection and frees the port; pending waits reject. */
  async close(): Promise<void> {
    await this.#parts.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
