import { AssertionError } from 'node:assert';
import {
  OdpTransport,
  OdpTransportError,
  type OdpTransportRequest,
  type OdpTransportResponse,
} from '../odp/index.js';
import { matches, type OdpEventFilter } from './event-filter.js';
import {
  describeEvent,
  type OdpResponder,
  type RecordedOdpAnswer,
  type RecordedOdpEvent,
  type RecordedOdpRequest,
} from './recorded.js';
import {
  type OdpCallResponder,
  RecordedCustomers,
  type RecordedOdpCall,
} from './recorded-calls.js';
import { Waiters } from './waiters.js';

const ACCEPTED = 202;
/** A failing test should show what was sent, not drown in it. */
const MAX_LISTED = 20;

/**
 * Replaces ODP in tests: records what is sent, and answers as the test wants.
 */
export class RecordingOdpTransport extends OdpTransport {
  readonly #waiters = new Waiters();
  #requests: RecordedOdpRequest[] = [];
  #sent: RecordedOdpEvent[] = [];
  /** How often an event's request has failed, by its JSON text, which identifies it. */
  #failures = new Map<string, number>();
  #respond: OdpResponder = () => ACCEPTED;
  #calls: RecordedOdpCall[] = [];
  #customers = new RecordedCustomers();
  #respondToCalls: OdpCallResponder = () => {};

  /**
   * The events that were sent, in order. One that is retried is in it only once;
   * {@link requests} shows every attempt.
   */
  get sent(): readonly RecordedOdpEvent[] {
    return this.#sent;
  }

  /** The requests that were made, in order, whatever the answer. */
  get requests(): readonly RecordedOdpRequest[] {
    return this.#requests;
  }

  /** The other requests to ODP, in order: segments, customers, `odp.api`. */
  get calls(): readonly RecordedOdpCall[] {
    return this.#calls;
  }

  /**
   * Makes ODP know a customer who is qualified for these segments, and for nothing
   * else. Anybody else is unknown, and qualified for nothing. The app caches earlier
   * answers: use `cache: 'reset'`, or another customer.
   *
   * ```ts
   * transport.setSegments({ email: 'ada@example.com' }, ['vip']);
   * ```
   */
  setSegments(
    identifiers: Readonly<Record<string, string>>,
    segments: readonly string[],
  ): void {
    this.#customers.add({ identifiers, segments: [...segments] });
  }

  /** Makes ODP know a customer, for `odp.customers.get`. It knows those that the app updates anyway. */
  setCustomer(
    identifiers: Readonly<Record<string, string>>,
    attributes: Readonly<Record<string, unknown>> = {},
  ): void {
    this.#customers.add({ identifiers, attributes: { ...attributes } });
  }

  /**
   * Sets the answer to {@link calls} from now on: a status, or a function of the call
   * that returns nothing for ODP's usual answer.
   *
   * ```ts
   * transport.respondToCallsWith(503); // ODP is away
   * transport.respondToCallsWith(({ path }) => path === '/v3/lists' ? { body: { lists: [] } } : undefined);
   * ```
   */
  respondToCallsWith(answer: number | OdpCallResponder): void {
    this.#respondToCalls = typeof answer === 'number' ? () => answer : answer;
  }

  /**
   * Sets the answer from now on: a status, or a function of the request. Until then
   * it is 202, as from ODP when all is well.
   *
   * ```ts
   * transport.respondWith(({ attempt }) => (attempt === 1 ? 503 : 202));
   * ```
   */
  respondWith(answer: number | OdpResponder): void {
    this.#respond = typeof answer === 'number' ? () => answer : answer;
  }

  /** The sent events that have these parts, or for which the function returns `true`. */
  filter(filter: OdpEventFilter): RecordedOdpEvent[] {
    return this.#sent.filter((event) => matches(event, filter));
  }

  /**
   * The only event that was sent, or that matches.
   *
   * @throws AssertionError unless there is exactly one; it lists what was sent,
   *   without any identifier's value
   */
  single(filter: OdpEventFilter = {}): RecordedOdpEvent {
    const found = this.filter(filter);
    const [event] = found;
    if (event !== undefined && found.length === 1) return event;
    throw new AssertionError({
      message: `Expected a single event${isEmpty(filter) ? '' : ' that matches'}, found ${found.length}. ${this.#listing()}`,
      actual: found.length,
      expected: 1,
      operator: 'single',
      stackStartFn: this.single,
    });
  }

  /**
   * Waits until this many events have been sent.
   *
   * @param options `timeout`: in ms, 5000 unless given
   * @returns all that were sent
   * @throws AssertionError when the time is over; it lists what was sent
   */
  waitFor(
    count: number,
    options?: { readonly timeout?: number },
  ): Promise<readonly RecordedOdpEvent[]>;
  /**
   * Waits for an event with these parts, or for which the function returns `true`.
   *
   * @returns the first one, of those sent before or to come
   */
  waitFor(
    filter: OdpEventFilter,
    options?: { readonly timeout?: number },
  ): Promise<RecordedOdpEvent>;
  waitFor(
    wanted: number | OdpEventFilter,
    { timeout = 5000 }: { readonly timeout?: number } = {},
  ): Promise<RecordedOdpEvent | readonly RecordedOdpEvent[]> {
    const found = () =>
      typeof wanted === 'number'
        ? this.#sent.length >= wanted && [...this.#sent]
        : this.filter(wanted)[0];
    const what = typeof wanted === 'number' ? `${wanted} events` : 'an event';
    return this.#waiters.add(found, timeout, () => {
      return `Waited ${timeout} ms for ${what} in vain. ${this.#listing()}`;
    });
  }

  /** Starts over: forgets requests and settings, and answers 202. */
  clear(): void {
    this.#calls = [];
    this.#customers = new RecordedCustomers();
    this.#respondToCalls = () => {};
    this.#requests = [];
    this.#sent = [];
    this.#failures = new Map();
    this.#respond = () => ACCEPTED;
  }

  override async send(
    sent: OdpTransportRequest,
  ): Promise<OdpTransportResponse> {
    const { account, url, body, signal } = sent;
    if (!url.endsWith('/v3/events')) return this.#called(sent);
    const events = JSON.parse(body.toString('utf8')) as RecordedOdpEvent[];
    const texts = events.map((event) => JSON.stringify(event));
    const failures = texts.map((text) => this.#failures.get(text) ?? 0);
    const attempt = Math.max(...failures) + 1;
    const request = { account, url, events, attempt };
    this.#requests.push(request);
    this.#sent.push(...events.filter((_, index) => failures[index] === 0));
    this.#waiters.look();
    let acknowledged = false;
    try {
      const respond = this.#respond;
      const response = await answered(() => respond(request), signal);
      acknowledged = response.status >= 200 && response.status < 300;
      return response;
    } finally {
      for (const [index, text] of texts.entries()) {
        if (acknowledged) this.#failures.delete(text);
        else this.#failures.set(text, (failures[index] ?? 0) + 1);
      }
    }
  }

  /** Answers as the test's function says, else from what the test has set, else as ODP does when all is well. */
  #called({
    account,
    method,
    url,
    body,
    signal,
  }: OdpTransportRequest): Promise<OdpTransportResponse> {
    const { pathname, searchParams } = new URL(url);
    const call: RecordedOdpCall = {
      account,
      method,
      path: pathname,
      query: Object.fromEntries(searchParams),
      body:
        body.length === 0
          ? undefined
          : (JSON.parse(body.toString('utf8')) as unknown),
    };
    this.#calls.push(call);
    const respond = this.#respondToCalls;
    return answered(
      async () => (await respond(call)) ?? this.#customers.answer(call),
      signal,
    );
  }

  #listing(): string {
    const all = this.#sent.map(describeEvent);
    if (all.length === 0)
      return 'Nothing was sent: await odp.flush() first; is apiKey set?';
    const rest = all.length - MAX_LISTED;
    return `Sent: ${all.slice(0, MAX_LISTED).join('; ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
  }
}

/** The answer; if `respond` throws, there is none. */
async function answered(
  respond: () => ReturnType<OdpResponder>,
  signal: AbortSignal,
): Promise<OdpTransportResponse> {
  try {
    return responseOf(await Promise.race([respond(), whenAborted(signal)]));
  } catch (error) {
    throw error instanceof OdpTransportError
      ? error
      : new OdpTransportError(
          error instanceof Error ? error.message : 'no answer',
        );
  }
}

function responseOf(
  answer: number | RecordedOdpAnswer | void,
): OdpTransportResponse {
  const given = typeof answer === 'number' ? { status: answer } : answer;
  const { status = ACCEPTED, headers = {}, body = {} } = given ?? {};
  return {
    status,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name.toLowerCase(),
        value,
      ]),
    ),
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

const isEmpty = (filter: OdpEventFilter) =>
  typeof filter === 'object' && Object.keys(filter).length === 0;

/** Rejects when the request is aborted, so that a test may leave it unanswered. */
function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(new OdpTransportError('aborted'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
