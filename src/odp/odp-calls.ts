import { messageOf } from '../origin.js';
import { tracingChannel } from 'node:diagnostics_channel';
// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';
import type { Clock } from '../clock.js';
import type { OdpApiFailure } from '../errors/index.js';
import type { OdpHttp } from './odp-http.js';
import {
  type CallFailure,
  MAX_ANSWER_BYTES,
  noAnswer,
  type OdpCallAnswer,
  readCall,
} from './read-call.js';
import { sleep } from './sleep.js';
import { Slots } from './slots.js';
import { OdpTransportError } from './transport.js';

/** What calls are about: a call of one kind that hangs holds up no other kind. */
type CallKind = 'segments' | 'customers' | 'api';

/** A request to ODP whose answer somebody waits for. */
export interface OdpCall {
  readonly kind: CallKind;
  readonly method: string;
  /** What follows the host, `/v3` and the query included. */
  readonly path: string;
  /** The path without anything of a customer, for traces. */
  readonly route: string;
  readonly body?: Buffer | undefined;
  /** For all attempts together, in ms. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Ends the call and is ended with it, in place of `signal`: a second one would be a good part of what a call costs. */
  readonly aborter?: AbortController | undefined;
  /** How often it is tried, at most. */
  readonly attempts: number;
  /** Whether it may be repeated although ODP may have carried it out already. */
  readonly idempotent: boolean;
  /** Values that no message may show. */
  sent(): readonly unknown[];
  /** Awaited before each attempt but the first. */
  turn?(ended: AbortSignal): Promise<void>;
}

/** A call failed. Each endpoint turns it into an error for its users. */
export class OdpCallError extends Error implements OdpApiFailure {
  readonly status: number | undefined;
  readonly reason: string;
  /** Without ODP's own message. */
  readonly problem: string;
  /** The answer's body; may hold anything. */
  readonly body: string;

  constructor({ status, problem, message, body }: CallFailure) {
    super(message === '' ? problem : `${problem} (${message})`);
    this.status = status;
    this.reason = this.message;
    this.problem = problem;
    this.body = body;
  }
}

/** Nobody waited for the answer any longer. */
export const noAnswerWithin = (timeout: number): OdpCallError =>
  new OdpCallError(noAnswer(`no answer within ${timeout} ms`));

/** What `tracing:optimizely-odp:call:*` carries (see Node's TracingChannel), for each request but those of events. */
export interface OdpCallTrace {
  readonly account: string;
  /** Without path, key or query. */
  readonly host: string;
  readonly method: string;
  /** The path without anything of a customer, such as `/v3/graphql`. */
  readonly route: string;
  /** The number of the attempt, from 1. */
  readonly attempt: number;
  /** The HTTP status, set when there was an answer. */
  status?: number | undefined;
  /** What went wrong, in a few words; set if something did. */
  problem?: string | undefined;
}

const calls = tracingChannel<unknown, OdpCallTrace>('optimizely-odp:call');

/** At most this many requests of a kind at once: sockets must not grow with the app's load. */
const MAX_CONCURRENT_CALLS = 64;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;

/** Makes requests whose answer somebody waits for: bounded, and retried if that is safe. */
export class OdpCalls {
  readonly #http: OdpHttp;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #failed: (route: string, problem: string) => void;
  readonly #slots: Readonly<Record<CallKind, Slots>> = {
    segments: new Slots(MAX_CONCURRENT_CALLS),
    customers: new Slots(MAX_CONCURRENT_CALLS),
    api: new Slots(MAX_CONCURRENT_CALLS),
  };
  readonly #closing = new AbortController();
  readonly #ends = new Set<(problem: string) => void>();

  /**
   * @param random from 0 up to 1
   * @param failed called with each call that failed
   */
  constructor(
    http: OdpHttp,
    clock: Clock,
    random: () => number,
    failed: (route: string, problem: string) => void,
  ) {
    this.#http = http;
    this.#clock = clock;
    this.#random = random;
    this.#failed = failed;
  }

  /**
   * @throws OdpCallError
   * @throws the reason of the caller's `signal` or `aborter`; an OdpCallError counts as a failure of the call
   */
  async call(call: OdpCall): Promise<OdpCallAnswer> {
    const clock = this.#clock;
    const { signal, timeout, route } = call;
    const ended = call.aborter ?? new AbortController();
    ended.signal.throwIfAborted();
    signal?.throwIfAborted();
    let cutOff: string | undefined;
    const end = (problem: string) => {
      cutOff ??= problem;
      // Without a reason, Node would make an error with a stack: too much for floods.
      ended.abort(problem);
    };
    const abort = () => end('aborted');
    const deadline = clock.monotonic() + timeout;
    const late = () => end(`no answer within ${timeout} ms`);
    const clear = clock.schedule(late, timeout, false);
    signal?.addEventListener('abort', abort);
    this.#ends.add(end);
    try {
      const slots = this.#slots[call.kind];
      await slots.take(ended.signal);
      try {
        if (clock.monotonic() >= deadline) late();
        ended.signal.throwIfAborted();
        return await this.#attempts(call, deadline, ended.signal);
      } finally {
        // What waits will most likely end in this very turn as well, and must
        // not start a request first.
        if (ended.signal.aborted) setImmediate(() => slots.release());
        else slots.release();
      }
    } catch (error) {
      const failure: unknown =
        signal?.aborted === true
          ? signal.reason
          : cutOff !== undefined
            ? new OdpCallError(noAnswer(cutOff))
            : ended.signal.aborted
              ? ended.signal.reason
              : error;
      if (failure instanceof OdpCallError) {
        this.#failed(route, failure.problem);
      }
      throw failure;
    } finally {
      clear();
      this.#ends.delete(end);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Aborted once the app has shut down. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Aborts what is under way, so that it does not keep the process alive. */
  close(): void {
    this.#closing.abort();
    for (const end of this.#ends) end('the app has shut down');
  }

  async #attempts(call: OdpCall, deadline: number, ended: AbortSignal) {
    const clock = this.#clock;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#attempt(call, attempt, ended);
      if (!('problem' in answer)) return answer;
      const { repeat, retryAfter } = answer;
      const mayRepeat =
        repeat === 'always' || (repeat === 'idempotent' && call.idempotent);
      const backoff = Math.min(
        FIRST_DELAY_MS * 2 ** (attempt - 1),
        MAX_DELAY_MS,
      );
      const delay = retryAfter ?? backoff * (1 - this.#random() / 2);
      if (
        ended.aborted ||
        !mayRepeat ||
        attempt >= call.attempts ||
        clock.monotonic() + delay >= deadline
      ) {
        throw new OdpCallError(answer);
      }
      await sleep(clock, delay, true, ended);
      await call.turn?.(ended);
    }
  }

  async #attempt(
    call: OdpCall,
    attempt: number,
    signal: AbortSignal,
  ): Promise<OdpCallAnswer | CallFailure> {
    const current = this.#http.credentials;
    if (current === undefined) return noAnswer('no ODP account is integrated');
    const { method, path, route, body } = call;
    const send = async () => {
      try {
        const response = await this.#http.send(
          { method, path, body, signal, answerBytes: MAX_ANSWER_BYTES + 1 },
          current,
        );
        const secrets = () => [...call.sent(), current.apiKey];
        return readCall(response, secrets, this.#clock.now());
      } catch (error) {
        return noAnswer(
          error instanceof OdpTransportError
            ? error.reason
            : 'the answer could not be read',
        );
      }
    };
    if (!calls.hasSubscribers) return send();
    const trace = messageOf<OdpCallTrace>(this.#http.app, {
      account: this.#http.account,
      host: new URL(current.apiHost).host,
      method,
      route,
      attempt,
    });
    return calls.tracePromise(async () => {
      const answer = await send();
      trace.status = answer.status;
      if ('problem' in answer) trace.problem = answer.problem;
      return answer;
    }, trace);
  }
}
