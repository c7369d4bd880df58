import { messageOf } from '../origin.js';
import { tracingChannel } from 'node:diagnostics_channel';
import type { ClaimedEvent } from '../outbox/index.js';
import type { OdpCredentials } from './credentials.js';
import { type Answer, readAnswer } from './read-answer.js';
import type { OdpHttp } from './odp-http.js';
import { OdpTransportError } from './transport.js';
import type { Clock } from '../clock.js';

/** What became of one request. */
export type Outcome = Answer & {
  /** The HTTP status; `undefined` when there was no answer. */
  readonly status: number | undefined;
  /** What went wrong, in a few words; never holds a key or an identifier. */
  readonly problem: string;
  /** Whether there was no answer within `requestTimeout`. */
  readonly timedOut: boolean;
};

/**
 * What `tracing:optimizely-odp:request:*` carries (see Node's TracingChannel);
 * for instrumentation such as `nestjs-optimizely-odp/opentelemetry`.
 */
export interface OdpRequestTrace {
  readonly account: string;
  /** Without path, key or query. */
  readonly host: string;
  /** The `idempotence_id`s of the batch. */
  readonly ids: readonly string[];
  /** Set when the request has ended. */
  outcome?: Outcome;
}

const requests = tracingChannel<unknown, OdpRequestTrace>(
  'optimizely-odp:request',
);

/** An outcome that says nothing about the events. */
const unavailable = (problem: string, timedOut = false): Outcome => ({
  kind: 'unavailable',
  retryAfter: undefined,
  status: undefined,
  problem,
  timedOut,
});

/** Sends one batch in one request. */
export class OdpClient {
  /** How long a request may take, in ms. */
  readonly requestTimeout: number;
  readonly #http: OdpHttp;
  readonly #clock: Clock;

  /** @param requestTimeout in ms */
  constructor(http: OdpHttp, clock: Clock, requestTimeout: number) {
    this.requestTimeout = requestTimeout;
    this.#http = http;
    this.#clock = clock;
  }

  /** Whether there is an account to send to. */
  get connected(): boolean {
    return this.#http.credentials !== undefined;
  }

  /** Never rejects: no answer is an outcome, too. */
  async send(
    events: readonly ClaimedEvent[],
    abort: AbortSignal,
  ): Promise<Outcome> {
    const current = this.#http.credentials;
    if (current === undefined) {
      return unavailable('no ODP account is integrated');
    }
    const outcome = await this.#traced(events, abort, current);
    // A refusal by an account that has been replaced says nothing about the events, or the new account.
    return outcome.kind === 'accepted' || this.#http.credentials === current
      ? outcome
      : unavailable('the account changed meanwhile');
  }

  async #traced(
    events: readonly ClaimedEvent[],
    abort: AbortSignal,
    current: OdpCredentials,
  ): Promise<Outcome> {
    if (!requests.hasSubscribers) return this.#send(events, abort, current);
    const trace = messageOf<OdpRequestTrace>(this.#http.app, {
      account: this.#http.account,
      host: new URL(current.apiHost).host,
      ids: events.map(({ id }) => id),
    });
    return requests.tracePromise(async () => {
      trace.outcome = await this.#send(events, abort, current);
      return trace.outcome;
    }, trace);
  }

  async #send(
    events: readonly ClaimedEvent[],
    signal: AbortSignal,
    current: OdpCredentials,
  ): Promise<Outcome> {
    try {
      const response = await this.#http.send(
        {
          method: 'POST',
          path: '/v3/events',
          body: bodyOf(events),
          timeout: this.requestTimeout,
          signal,
        },
        current,
      );
      const { status } = response;
      const answer = readAnswer(response, events.length, this.#clock.now());
      return {
        ...answer,
        status,
        problem: `status ${status}`,
        timedOut: false,
      };
    } catch (error) {
      return error instanceof OdpTransportError
        ? unavailable(error.reason, error.timedOut)
        : unavailable('the transport failed');
    }
  }
}

const OPEN = '['.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const CLOSE = ']'.charCodeAt(0);

/** What a UTF-16 unit takes at most in UTF-8. */
const BYTES_PER_UNIT = 3;

/**
 * The events were serialised when they were accepted: a batch only joins them.
 * Measuring a text takes longer than writing it, so the buffer is sized for
 * ASCII with some to spare, and for anything once that is used up.
 */
function bodyOf(events: readonly ClaimedEvent[]): Buffer {
  let units = 1;
  let longest = 0;
  for (const { payload } of events) {
    units += payload.length + 1;
    longest = Math.max(longest, payload.length);
  }
  let body = Buffer.allocUnsafe(units + longest * BYTES_PER_UNIT);
  let end = 0;
  for (const { payload } of events) {
    if (end + payload.length * BYTES_PER_UNIT + 2 > body.length) {
      const larger = Buffer.allocUnsafe(end + units * BYTES_PER_UNIT);
      larger.set(body.subarray(0, end));
      body = larger;
    }
    body[end] = end === 0 ? OPEN : COMMA;
    end += 1 + body.write(payload, end + 1);
    units -= payload.length + 1;
  }
  body[end] = CLOSE;
  return body.subarray(0, end + 1);
}
