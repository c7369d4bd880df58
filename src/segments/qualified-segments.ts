import { channel } from 'node:diagnostics_channel';
import type { OdpAccount } from '../account/index.js';
import { type Lookup, lookupsOf } from '../customers/index.js';
import { NO_IDENTIFIER, type OdpIdentifiers } from '../events/index.js';
import { messageOf } from '../origin.js';
import { noAnswerWithin, querySegments, segmentsError } from '../odp/index.js';
import {
  checkFetchOptions,
  type CheckedOptions,
  type FetchSegmentsOptions,
  invalid,
} from './fetch-options.js';
import { type KnownSegments, SegmentCache } from './segment-cache.js';
import type { ResolvedSegments } from './segments-options.js';
import { SharedRequest } from './shared-request.js';

/** Segments, and how far to trust them. */
export interface QualifiedSegmentsDetails {
  /** Those that the customer is qualified for. */
  readonly segments: string[];
  /** Whether they come from the cache. */
  readonly cached: boolean;
  /** Age of the answer, in ms. */
  readonly age: number;
}

/** What `optimizely-odp:segments` of `node:diagnostics_channel` carries, for each lookup of segments. */
export interface OdpSegmentsLookup {
  readonly account: string;
  /** `joined`: somebody else's request was under way. */
  readonly result: 'hit' | 'miss' | 'joined' | 'ignored';
}

/** A customer's segments are asked for together with those asked for before, up to this many. */
const MAX_TOGETHER = 100;

const lookups = channel('optimizely-odp:segments');

/** Asks ODP which segments customers are qualified for, and caches the answers. */
export class QualifiedSegments {
  readonly #account: OdpAccount;
  readonly #options: ResolvedSegments;
  readonly #cache: SegmentCache;
  readonly #requests = new Map<string, SharedRequest<KnownSegments>>();

  constructor(account: OdpAccount, options: ResolvedSegments) {
    this.#account = account;
    this.#options = options;
    this.#cache = new SegmentCache(options, account.clock);
    // Another account knows other customers.
    account.onCredentialsChange(() => this.#forget());
  }

  /** As `OdpService.fetchQualifiedSegments`, but may throw, and returns a cached answer without a promise. */
  fetch(
    identifiers: OdpIdentifiers | undefined,
    options: FetchSegmentsOptions | undefined,
  ): QualifiedSegmentsDetails | Promise<QualifiedSegmentsDetails> {
    // Even for a cached answer: a closed account gives none.
    void this.#account.calls;
    const checked = checkFetchOptions(options);
    const { requestTimeout } = this.#options;
    const { cache, signal, timeout = requestTimeout } = checked;
    const customer = this.#customer(identifiers);
    const wanted = this.#wanted(checked);
    signal?.throwIfAborted();
    if (cache === 'reset') this.#forget();
    if (customer.length === 0 || wanted.length === 0) {
      return { segments: [], cached: false, age: 0 };
    }
    if (cache === 'ignore') {
      this.#publish('ignored');
      const request = this.#ask(customer, wanted, timeout + requestTimeout);
      return this.#answer(request, wanted, timeout, signal);
    }
    const key = keyOf(customer);
    const known = this.#cache.get(key);
    if (
      known !== undefined &&
      this.#cache.isFresh(known) &&
      wanted.every((name) => known.asked.includes(name))
    ) {
      this.#publish('hit');
      return this.#details(known, wanted, true);
    }
    const asked = together(known, wanted);
    const request = this.#share(key, customer, asked, timeout);
    return this.#answer(request, wanted, timeout, signal);
  }

  /** The request under way for this customer, or a new one. */
  #share(
    key: string,
    customer: readonly Lookup[],
    asked: readonly string[],
    timeout: number,
  ): SharedRequest<KnownSegments> {
    const requestKey = `${key} ${JSON.stringify(asked)}`;
    const underWay = this.#requests.get(requestKey);
    if (underWay?.lastsUntil(this.#account.clock.monotonic() + timeout)) {
      this.#publish('joined');
      return underWay;
    }
    this.#publish('miss');
    const { generation } = this.#cache;
    // With time for those who join it later; one that has none left is replaced.
    const { requestTimeout } = this.#options;
    const most = Math.max(timeout, requestTimeout) + requestTimeout;
    const request = this.#ask(customer, asked, most);
    this.#requests.set(requestKey, request);
    request.ended((known) => {
      if (this.#requests.get(requestKey) === request) {
        this.#requests.delete(requestKey);
      }
      if (known !== undefined && this.#cache.generation === generation) {
        this.#cache.set(key, known);
      }
    });
    return request;
  }

  #ask(
    customer: readonly Lookup[],
    asked: readonly string[],
    timeout: number,
  ): SharedRequest<KnownSegments> {
    const { clock } = this.#account;
    const deadline = clock.monotonic() + timeout;
    return new SharedRequest(deadline, async (aborter) => ({
      asked,
      qualified: await this.#query(customer, asked, deadline, aborter),
      at: clock.monotonic(),
    }));
  }

  /** Tries one identifier after the other, until ODP knows the customer. */
  async #query(
    customer: readonly Lookup[],
    segments: readonly string[],
    deadline: number,
    aborter: AbortController,
  ): Promise<readonly string[]> {
    const { clock, calls } = this.#account;
    for (const [name, value] of customer) {
      const left = Math.max(1, Math.ceil(deadline - clock.monotonic()));
      const query = { name, value, segments, timeout: left, aborter };
      const qualified = await querySegments(calls, query);
      if (qualified !== undefined) return qualified;
    }
    return [];
  }

  /** Each caller waits as long as it wants; others may wait longer. */
  async #answer(
    request: SharedRequest<KnownSegments>,
    wanted: readonly string[],
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<QualifiedSegmentsDetails> {
    const { clock } = this.#account;
    try {
      const known = await request.join(signal, (leave) =>
        clock.schedule(() => leave(noAnswerWithin(timeout)), timeout, false),
      );
      return this.#details(known, wanted, false);
    } catch (error) {
      throw segmentsError(error);
    }
  }

  #details(
    { qualified, at }: KnownSegments,
    wanted: readonly string[],
    cached: boolean,
  ): QualifiedSegmentsDetails {
    return {
      segments: wanted.filter((name) => qualified.includes(name)),
      cached,
      age: Math.round(this.#account.clock.monotonic() - at),
    };
  }

  /** Whom to ask about; nobody if the caller is anonymous. */
  #customer(identifiers: OdpIdentifiers | undefined): readonly Lookup[] {
    const account = this.#account;
    const { allowPlaceholderIdentifiers: placeholders } = account;
    if (identifiers === undefined) {
      if (account.caller.isThere) {
        const caller = account.caller.identifiers();
        return lookupsOf(caller, 'identity', placeholders);
      }
      throw invalid(
        'identifiers',
        'must be given, as nobody is known to be calling; in a request set the option identity, elsewhere use runWithIdentity',
      );
    }
    const customer = lookupsOf(identifiers, 'identifiers', placeholders);
    if (customer.length > 0) return customer;
    throw invalid('identifiers', NO_IDENTIFIER);
  }

  #wanted({ segments }: CheckedOptions): readonly string[] {
    const wanted = segments ?? this.#account.segments;
    if (wanted !== undefined) return wanted;
    throw invalid(
      'segments',
      'must name the segments to ask for, unless the account comes from a datafile, whose audiences name them',
    );
  }

  #forget(): void {
    this.#cache.clear();
    this.#requests.clear();
  }

  #publish(result: OdpSegmentsLookup['result']): void {
    if (!lookups.hasSubscribers) return;
    const { name: account, app } = this.#account;
    lookups.publish(messageOf<OdpSegmentsLookup>(app, { account, result }));
  }
}

/** Keys cannot collide, since names have no colon. */
function keyOf(customer: readonly Lookup[]): string {
  const [first] = customer;
  return customer.length === 1 && first !== undefined
    ? `${first[0]}:${first[1]}`
    : JSON.stringify(customer);
}

/**
 * Adds the segments that were asked for before, so that callers which want
 * different segments of a customer share one answer.
 */
function together(
  known: KnownSegments | undefined,
  wanted: readonly string[],
): readonly string[] {
  if (known === undefined) return wanted;
  const all = [...new Set([...known.asked, ...wanted])];
  return all.length > MAX_TOGETHER ? wanted : all;
}
