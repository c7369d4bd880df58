import type { OdpAccount } from '../account/index.js';
import {
  type OdpApiFailure,
  OdpCustomersError,
  OdpError,
  type OdpInvalidCustomer,
  OdpValidationError,
  type OdpViolation,
} from '../errors/index.js';
import {
  JsonWriter,
  NO_IDENTIFIER,
  type OdpIdentifiers,
} from '../events/index.js';
import {
  type InvalidProfile,
  OdpCallError,
  postProfiles,
  type ProfileRequest,
  queryProfile,
} from '../odp/index.js';
import { type Duration, readCallOptions } from '../options/index.js';
import { watched } from '../watched-promise.js';
import type { OdpCustomer } from './customer.js';
import { customerText } from './customer-rules.js';
import { lookupsOf } from './lookups.js';
import { Pace } from './pace.js';

/** How customers are updated or looked up. */
export interface OdpCustomersOptions {
  /**
   * How long ODP may take for each request and its repetitions, not counting the
   * wait for its turn.
   * @default '30s'
   */
  readonly timeout?: Duration | undefined;
  /** Aborts it: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How many ODP's documentation allows in one request. */
const MAX_PER_REQUEST = 500;
const MAX_BATCH_LENGTH = 1024 * 1024;
/** How often a request is made again without those that ODP named. */
const MAX_ROUNDS = 5;
const DEFAULTS: Readonly<Record<keyof OdpCustomersOptions, unknown>> = {
  timeout: '30s',
  signal: undefined,
};

/** A customer to be sent. */
interface Item {
  /** Its index in the list that was given. */
  readonly index: number;
  readonly text: string;
}

/** The state of an update. */
interface Progress {
  updated: number;
  readonly invalids: OdpInvalidCustomer[];
  readonly failed: number[];
  /** The last failure, or the last refusal. */
  failure: OdpApiFailure | undefined;
  /** Nothing more is tried. */
  isOver: boolean;
}

/** Options, checked. */
type CheckedOptions = Pick<ProfileRequest, 'timeout' | 'signal' | 'turn'>;

/**
 * Customers at ODP: its "Create and update customers" API, for what events cannot
 * do. It bypasses the outbox: requests are made at once, within ODP's limit of ten
 * per second, and do not survive the process.
 */
export class OdpCustomers {
  readonly #account: OdpAccount;
  readonly #pace: Pace;

  /** @internal `OptimizelyOdpModule` makes it: use `odp.customers`. */
  constructor(account: OdpAccount) {
    this.#account = account;
    this.#pace = new Pace(account.clock);
  }

  /**
   * Creates customers or updates their attributes: one or any number, in requests of
   * up to 500, one after the other. If any is invalid, nothing is sent. Resolves when
   * ODP has accepted them; it shows them within seconds, and promises 2 minutes.
   *
   * ```ts
   * await odp.customers.update({ identifiers: { email }, attributes: { first_name: 'Ada' } });
   * ```
   *
   * @throws OdpCustomersError ODP refused some, which it names, or failed; all others were updated
   * @throws OdpValidationError a customer breaks a rule; nothing was sent. Of a list, a violation's path begins with the index, such as `[3].identifiers`
   * @throws OdpNotReadyError OdpNotIntegratedError OdpNotEnabledError
   */
  update(
    customers: OdpCustomer | readonly OdpCustomer[],
    options?: OdpCustomersOptions,
  ): Promise<{ readonly updated: number }> {
    return this.#watched(this.#update(customers, options));
  }

  /**
   * What ODP knows about a customer: attributes, which include identifiers. The
   * identifiers are tried one after the other until ODP knows the customer; `vuid`
   * only if it is the only one. This usually needs the private key.
   *
   * @returns `undefined` for a customer whom ODP does not know
   * @throws OdpApiError ODP is away, or refuses
   * @throws OdpValidationError the arguments are invalid; nothing was asked
   * @throws OdpNotReadyError OdpNotIntegratedError OdpNotEnabledError
   */
  get(
    identifiers: OdpIdentifiers,
    options?: OdpCustomersOptions,
  ): Promise<
    { readonly attributes: Readonly<Record<string, unknown>> } | undefined
  > {
    return this.#watched(this.#get(identifiers, options));
  }

  async #get(identifiers: OdpIdentifiers, options: unknown) {
    const account = this.#account;
    const { calls } = account;
    const request = this.#check(options);
    const { allowPlaceholderIdentifiers: placeholders } = account;
    const lookups = lookupsOf(identifiers, 'identifiers', placeholders);
    if (lookups.length === 0) {
      throw invalid('identifiers', NO_IDENTIFIER);
    }
    for (const lookup of lookups) {
      await this.#turn(request.signal);
      const attributes = await queryProfile(calls, lookup, request);
      if (attributes !== undefined) return { attributes };
    }
    return undefined;
  }

  async #update(
    customers: OdpCustomer | readonly OdpCustomer[],
    options: unknown,
  ) {
    // The state of the account comes before all other problems.
    void this.#account.calls;
    const request = this.#check(options);
    const items = await this.#read(customers);
    const progress: Progress = {
      updated: 0,
      invalids: [],
      failed: [],
      failure: undefined,
      isOver: false,
    };
    for (const batch of batchesOf(items)) {
      if (progress.isOver)
        progress.failed.push(...batch.map(({ index }) => index));
      else await this.#send(batch, request, progress);
    }
    const { failure, updated } = progress;
    if (failure === undefined) return { updated };
    throw new OdpCustomersError(failure, progress);
  }

  /** Sends again without those that ODP names, as what it does with the others is not documented. */
  async #send(
    batch: readonly Item[],
    request: CheckedOptions,
    progress: Progress,
  ): Promise<void> {
    let items = batch;
    for (let round = 1; items.length > 0; round++) {
      const texts = items.map(({ text }) => text);
      let refused: readonly InvalidProfile[];
      try {
        await this.#turn(request.signal);
        const { calls } = this.#account;
        refused = await postProfiles(calls, { ...request, texts });
      } catch (error) {
        request.signal?.throwIfAborted();
        progress.failure = failureOf(error);
        progress.isOver = isGeneral(progress.failure);
        progress.failed.push(...items.map(({ index }) => index));
        return;
      }
      const named = new Set(refused.map(({ index }) => index));
      if (named.size === 0) {
        progress.updated += items.length;
        return;
      }
      for (const { index, message } of refused) {
        progress.invalids.push({ index: items[index]!.index, message });
      }
      progress.failure ??= REFUSED;
      items = items.filter((_, index) => !named.has(index));
      if (round < MAX_ROUNDS) continue;
      // It names different ones each time, so this is not about single customers.
      progress.failed.push(...items.map(({ index }) => index));
      return;
    }
  }

  async #read(customers: unknown): Promise<Item[]> {
    const isList = Array.isArray(customers);
    const list: readonly unknown[] = isList ? customers : [customers];
    const { allowPlaceholderIdentifiers: placeholders } = this.#account;
    const json = new JsonWriter();
    const all: OdpViolation[] = [];
    const items: Item[] = [];
    for (const [index, customer] of list.entries()) {
      const violations: OdpViolation[] = [];
      const text = customerText(customer, violations, json, placeholders);
      items.push({ index, text });
      for (const { path, message } of violations) {
        all.push({ path: isList ? `[${index}].${path}` : path, message });
      }
    }
    if (all.length > 0) throw new OdpValidationError(all, 'customer');
    return items;
  }

  #check(options: unknown): CheckedOptions {
    return readCallOptions(options, DEFAULTS, (read) => ({
      timeout: read.duration('timeout', 1),
      signal: read.signal('signal'),
      turn: (ended) => this.#turn(ended),
    }));
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return this.#pace.turn(signal, this.#account.calls.closed);
  }

  #watched<T>(promise: Promise<T>): Promise<T> {
    return watched(promise, (error) =>
      this.#account.intake.refusals.unawaited(error),
    );
  }
}

const REFUSED: OdpApiFailure = {
  status: 400,
  reason: 'ODP refuses those that .invalids names',
};

const invalid = (path: string, message: string) =>
  new OdpValidationError([{ path, message }], 'request');

function failureOf(error: unknown): OdpApiFailure {
  if (error instanceof OdpCallError) return error;
  const reason =
    error instanceof OdpError
      ? 'the account is closed, or not integrated any more'
      : 'the app has shut down';
  return { status: undefined, reason };
}

/** Whether the other requests would fail, too. */
const isGeneral = ({ status }: OdpApiFailure) =>
  status === undefined || ![400, 413, 415, 422].includes(status);

function* batchesOf(items: readonly Item[]): Generator<readonly Item[]> {
  let batch: Item[] = [];
  let length = 0;
  for (const item of items) {
    const isFull =
      batch.length === MAX_PER_REQUEST ||
      length + item.text.length > MAX_BATCH_LENGTH;
    if (batch.length > 0 && isFull) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(item);
    length += item.text.length;
  }
  if (batch.length > 0) yield batch;
}
