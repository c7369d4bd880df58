import type { ActiveFaults, Struck } from '../faults/active-faults.js';
import type { ResolvedOptions } from '../options.js';
import type { SandboxState } from '../state/state.js';
import type { OdpReceivedRequest } from '../state/received.js';
import {
  type Answer,
  envelope,
  faultAnswer,
  forbidden,
  notFound,
} from './answer.js';
import { asObjects, type EventsReading, readEvents } from './events.js';
import { answerQuery } from './graphql.js';
import { readProfile, writeProfiles } from './profiles.js';

/** A request to `/v3` once its body has been read. */
export interface WireRequest extends Pick<
  OdpReceivedRequest,
  'method' | 'path' | 'headers'
> {
  /** `undefined`: it was past the bound. */
  readonly body: Buffer | undefined;
}

/** What is done about a request. */
export interface Doing {
  readonly outcome: OdpReceivedRequest['outcome'];
  /** `undefined` unless the outcome is `answered`. */
  readonly answer: Answer | undefined;
  /** ms until it is done. */
  readonly latency: number;
}

const EVENTS = '/v3/events';

/** ODP as far as it is imitated: what a request changes and is answered. */
export class Odp {
  readonly #options: ResolvedOptions;
  readonly #state: SandboxState;
  readonly #faults: ActiveFaults;

  constructor(
    options: ResolvedOptions,
    state: SandboxState,
    faults: ActiveFaults,
  ) {
    this.#options = options;
    this.#state = state;
    this.#faults = faults;
  }

  /** Takes the request whole: synchronous, so that none sees half of another. */
  receive(request: WireRequest): Doing {
    const receivedAt = new Date();
    const id = this.#state.requests.nextId();
    const struck = this.#faults.strike();
    const body = parse(request.body);
    const batchSize = request.path.startsWith(EVENTS)
      ? (asObjects(body)?.length ?? 0)
      : 0;
    const { answer, accepted = [] } = this.#read(request, body, struck);
    const outcome = outcomeOf(struck);
    const bytes = request.body?.length ?? 0;
    this.#state.requests.add(
      {
        id,
        receivedAt,
        method: request.method,
        path: request.path,
        headers: request.headers,
        body,
        batchSize,
        accepted: accepted.length,
        outcome,
        status: outcome === 'answered' ? answer?.status : undefined,
        answer: outcome === 'answered' ? (answer?.body ?? '') : '',
        faults: struck?.faults ?? [],
      },
      bytes,
    );
    // Last: whoever listens for events finds their request in place.
    this.#state.events.add(accepted, {
      requestId: id,
      receivedAt,
      batchSize,
      bytes,
    });
    return { outcome, answer, latency: struck?.latency ?? 0 };
  }

  #read(
    request: WireRequest,
    body: unknown,
    struck: Struck | undefined,
  ): Partial<EventsReading> {
    const ending = struck?.ending;
    if (ending !== undefined) {
      if ('status' in ending) return { answer: faultAnswer(ending) };
      if ('hang' in ending || ending.reset === 'before') return {};
    }
    const { apiKey } = this.#options;
    if (apiKey !== undefined && request.headers['x-api-key'] !== apiKey) {
      return { answer: forbidden() };
    }
    if (request.body === undefined) return { answer: envelope(413) };
    if (request.method === 'POST' && request.path === EVENTS) {
      const invalidFaults = struck && this.#invalidFaults(struck);
      return readEvents(body, this.#options.onInvalid, invalidFaults);
    }
    return { answer: this.#answer(request, body, request.body.length) };
  }

  /** Everything that is not about events. */
  #answer({ method, path }: WireRequest, body: unknown, bytes: number): Answer {
    const { customers } = this.#state;
    const [pathname, query = ''] = path.split('?', 2);
    switch (`${method} ${pathname}`) {
      case 'POST /v3/graphql':
        return answerQuery(body, customers);
      case 'POST /v3/profiles':
        return writeProfiles(body, bytes, customers);
      case 'GET /v3/profiles':
        return readProfile(new URLSearchParams(query), customers);
      default:
        return notFound(`The sandbox has no ${method} ${pathname}.`);
    }
  }

  /** Counts each fault once per request, however many events it matches. */
  #invalidFaults(struck: Struck) {
    const used = new Set<Struck['invalids'][number]>();
    return {
      entries: struck.invalids,
      use: (entry: Struck['invalids'][number]) => {
        if (used.has(entry)) return;
        used.add(entry);
        this.#faults.hit(entry, struck.faults);
      },
    };
  }
}

function outcomeOf(struck: Struck | undefined): Doing['outcome'] {
  const ending = struck?.ending;
  if (ending === undefined || 'status' in ending) return 'answered';
  return 'hang' in ending ? 'hung' : 'reset';
}

/** The body's value; `undefined`, which no JSON is, when it does not parse. */
function parse(body: Buffer | undefined): unknown {
  if (body === undefined || body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}
