import type { ActiveFaults, Struck } from '../faults/active-faults.js';
import type { ResolvedOptions } from '../options.js';
import type { Account } from '../state/account.js';
import type { Acceptable } from '../state/event-log.js';
import type { Segments } from '../state/segments.js';
import type { SandboxState } from '../state/state.js';
import { type Answer, envelope, forbidden, notFound } from './answer.js';
import { asObjects, readBatch } from './batch.js';
import { readEvent } from './events.js';
import { GraphqlEndpoint } from './graphql.js';
import {
  answerLists,
  answerSubscriptions,
  createList,
  readSubscription,
  subscribe,
} from './lists.js';
import {
  endedBy,
  type Outcome,
  outcomeOf,
  type Receiver,
  type WireRequest,
} from './receiver.js';
import { answerProfile, readAttributes } from './profiles.js';
import { getRecord, postRecords } from './records.js';

const EVENTS = '/v3/events';
const GRAPHQL = '/v3/graphql';

/** The answer to a request, and the events that it brought. */
interface Reading {
  readonly answer?: Answer;
  readonly accepted?: readonly Acceptable[];
}

/** The imitated part of ODP: what a request changes, and its answer. */
export class Odp implements Receiver {
  readonly #options: ResolvedOptions;
  readonly #account: Account;
  readonly #state: SandboxState;
  readonly #faults: ActiveFaults;
  readonly #graphql: GraphqlEndpoint;

  constructor(
    options: ResolvedOptions,
    account: Account,
    segments: Segments,
    state: SandboxState,
    faults: ActiveFaults,
  ) {
    this.#options = options;
    this.#account = account;
    this.#state = state;
    this.#faults = faults;
    this.#graphql = new GraphqlEndpoint(state.customers, segments);
  }

  /** Loads what the path needs, so that {@link receive} need not wait. */
  async prepare(path: string): Promise<void> {
    if (path.startsWith(GRAPHQL)) await this.#graphql.load();
  }

  /** Handles the whole request synchronously, so that none sees half of another. */
  receive(request: WireRequest): Outcome {
    const receivedAt = new Date();
    const id = this.#state.requests.nextId();
    const body = parse(request.body);
    const objects = asObjects(body) ?? [];
    const batchSize = request.path.startsWith(EVENTS) ? objects.length : 0;
    const struck = this.#faults.strike({ path: request.path, objects });
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
    // Last, so that whoever listens for events finds their request.
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
  ): Reading {
    const ended = endedBy(struck);
    if (ended !== undefined) return ended;
    const { apiKey } = this.#account;
    if (apiKey !== undefined && request.headers['x-api-key'] !== apiKey) {
      return { answer: forbidden() };
    }
    if (request.body === undefined) return { answer: envelope(413) };
    const { onInvalid } = this.#options;
    const { customers } = this.#state;
    const faults = struck && this.#invalidFaults(struck);
    const [path = '', query = ''] = request.path.split('?', 2);
    switch (`${request.method} ${path}`) {
      case 'POST /v3/events': {
        const batch = readBatch(body, readEvent, onInvalid, faults);
        const accepted = batch.accepted.map(({ index, value }) => ({
          index,
          event: value,
        }));
        return { answer: batch.answer, accepted };
      }
      case 'POST /v3/profiles': {
        const batch = readBatch(
          body,
          (one) => readAttributes(one, customers.profileIdentifiers),
          onInvalid,
          faults,
        );
        const bytes = request.body.length / batch.accepted.length;
        for (const { value } of batch.accepted) {
          customers.add({ attributes: value }, bytes);
        }
        return { answer: batch.answer };
      }
      case 'GET /v3/profiles':
        return { answer: answerProfile(new URLSearchParams(query), customers) };
      case 'POST /v3/lists':
        return { answer: createList(body, customers) };
      case 'GET /v3/lists':
        return { answer: answerLists(customers) };
      case 'POST /v3/lists/subscriptions': {
        const batch = readBatch(body, readSubscription, onInvalid, faults);
        const values = batch.accepted.map(({ value }) => value);
        const answer = subscribe(values, customers);
        return { answer: batch.answer.status < 300 ? answer : batch.answer };
      }
      case 'GET /v3/lists/subscriptions': {
        const asked = new URLSearchParams(query);
        return { answer: answerSubscriptions(asked, customers) };
      }
      case 'POST /v3/graphql':
        return { answer: this.#graphql.answer(body) };
      default:
        return {
          answer:
            (request.method === 'POST'
              ? postRecords(path, body, customers, onInvalid, faults)
              : getRecord(path, new URLSearchParams(query), customers)) ??
            notFound(`The sandbox has no ${request.method} ${path}.`),
        };
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

/** The body's value; `undefined`, which JSON never is, if it does not parse. */
function parse(body: Buffer | undefined): unknown {
  if (body === undefined || body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}
