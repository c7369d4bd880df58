import {
  OdpApiError,
  OdpValidationError,
  type OdpViolation,
} from '../errors/index.js';
import {
  type Duration,
  type OptionReader,
  readCallOptions,
} from '../options/index.js';
import { watched } from '../watched-promise.js';
import { OdpCallError, type OdpCalls } from './odp-calls.js';

/** A value of a query string; `undefined` and `null` are left out. */
export type OdpApiQueryValue = string | number | boolean | null | undefined;

/** A request to ODP's REST API. */
export interface OdpApiRequest {
  /** @default 'GET' */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  /**
   * Below `/v3`, such as `/lists/subscriptions`. Pass values of your own through
   * `encodeURIComponent`.
   */
  readonly path: string;
  /** Encoded for you; a list repeats its name for each item. */
  readonly query?:
    | Readonly<Record<string, OdpApiQueryValue | readonly OdpApiQueryValue[]>>
    | undefined;
  /** Sent as JSON, at most 10 MiB. */
  readonly body?: unknown;
  /**
   * Whether it may be sent again although ODP may have carried it out already.
   * A request that ODP has certainly not received is sent again in any case.
   * @default true for GET, PUT and DELETE, else false
   */
  readonly idempotent?: boolean | undefined;
  /**
   * For all attempts together.
   * @default '30s'
   */
  readonly timeout?: Duration | undefined;
  /** Aborts the request, which rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What ODP answered. */
export interface OdpApiResponse<T = unknown> {
  /** A 2xx. */
  readonly status: number;
  /** The JSON value; `undefined` if there was no body. */
  readonly body: T;
}

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const ATTEMPTS = 3;
const DEFAULTS: Readonly<Record<keyof OdpApiRequest, unknown>> = {
  method: 'GET',
  path: '',
  query: undefined,
  body: undefined,
  idempotent: undefined,
  timeout: '30s',
  signal: undefined,
};
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const IDEMPOTENT: readonly string[] = ['GET', 'PUT', 'DELETE'];

/** The rest of ODP's REST API, with the account's key and host. */
export class OdpApi {
  readonly #calls: () => OdpCalls;
  readonly #unawaited: (error: unknown) => void;

  /**
   * @internal `OptimizelyOdpModule` makes it: use `odp.api`.
   * @param calls throws if the account is not open
   * @param unawaited is given a rejection that nobody awaits
   */
  constructor(calls: () => OdpCalls, unawaited: (error: unknown) => void) {
    this.#calls = calls;
    this.#unawaited = unawaited;
  }

  /**
   * Makes a request at once, bypassing the outbox. It is tried up to three times
   * if that is safe, follows no redirects, and reads at most 8 MiB of the answer.
   *
   * ```ts
   * const { body } = await odp.api.request({ path: '/lists' });
   * ```
   *
   * @throws OdpApiError for any answer but a 2xx, and if there is none
   * @throws OdpValidationError the arguments are invalid; nothing was sent
   * @throws OdpNotReadyError OdpNotIntegratedError OdpNotEnabledError
   */
  request<T = unknown>(request: OdpApiRequest): Promise<OdpApiResponse<T>> {
    return watched(
      this.#request(request) as Promise<OdpApiResponse<T>>,
      this.#unawaited,
    );
  }

  async #request(request: OdpApiRequest): Promise<OdpApiResponse> {
    const calls = this.#calls();
    const options = checked(request);
    const { path, query, search, given, method } = options;
    const [, endpoint = ''] = path.split('/', 2);
    const route = `/v3/${endpoint}${path.length > endpoint.length + 1 ? '/*' : ''}`;
    try {
      return await calls.call({
        kind: 'api',
        method,
        path: `/v3${path}${search}`,
        route,
        body: options.body,
        timeout: options.timeout,
        signal: options.signal,
        attempts: ATTEMPTS,
        idempotent: options.idempotent,
        sent: () => [
          query,
          given,
          path.split('/').slice(2).map(decodeURIComponent),
        ],
      });
    } catch (error) {
      if (error instanceof OdpCallError) {
        throw new OdpApiError(`${method} ${route}`, error);
      }
      throw error;
    }
  }
}

function checked(request: unknown) {
  if (typeof request !== 'object' || request === null) {
    const message = "must be an object with path, such as { path: '/lists' }";
    throw new OdpValidationError([{ path: 'request', message }], 'request');
  }
  const check = (
    read: OptionReader<typeof DEFAULTS>,
    problems: OdpViolation[],
  ) => {
    const wrong = (option: string, message: string) => {
      problems.push({ path: option, message });
    };
    const method = read.oneOf('method', METHODS) ?? 'GET';
    const path = pathOf(read.value('path'));
    if (path === undefined) {
      wrong(
        'path',
        "must be a path below /v3 such as '/lists', without dots for segments; values in it go through encodeURIComponent, and the query is an option of its own",
      );
    }
    const query = read.value('query');
    const search = searchOf(query);
    if (search === undefined) {
      wrong(
        'query',
        'must be an object of well-formed text, numbers, booleans and lists of these',
      );
    }
    const given = read.value('body');
    const body = bodyOf(given);
    if (body === 'unreadable') {
      wrong('body', 'must be JSON: without cycles, bigints or functions');
    } else if (body !== undefined && body.length > MAX_BODY_BYTES) {
      wrong(
        'body',
        `must have at most ${MAX_BODY_BYTES} bytes; send it in parts`,
      );
    } else if (body !== undefined && method === 'GET') {
      wrong('body', 'must be left out of a GET; use query');
    }
    return {
      method,
      path: path ?? '',
      query,
      search: search ?? '',
      given,
      body: body === 'unreadable' ? undefined : body,
      timeout: read.duration('timeout', 1),
      signal: read.signal('signal'),
      idempotent:
        read.optional(
          'idempotent',
          (value): value is boolean => typeof value === 'boolean',
          'must be true or false',
        ) ?? IDEMPOTENT.includes(method),
    };
  };
  return readCallOptions(request, DEFAULTS, check, '');
}

/** With a leading slash and without `/v3`; it cannot lead out of `/v3` or to another host. */
function pathOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const path = value.replace(/^\/v3(?=\/)/, '');
  // What encodeURIComponent leaves as it is, and what a path may hold besides.
  if (!/^(?:\/[\w.~!*'():@%+-]+)+$/.test(path)) return undefined;
  try {
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    return parts.some((part) => /^\.{1,2}$|[/\\]/.test(part))
      ? undefined
      : path;
  } catch {
    return undefined;
  }
}

function searchOf(query: unknown): string | undefined {
  if (query === undefined || query === null) return '';
  if (typeof query !== 'object') return undefined;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat() as unknown[]) {
      if (one === undefined || one === null) continue;
      if (
        typeof one !== 'string' &&
        typeof one !== 'number' &&
        typeof one !== 'boolean'
      ) {
        return undefined;
      }
      const text = String(one);
      // Encoding would make another text of it.
      if (!text.isWellFormed() || !name.isWellFormed()) return undefined;
      search.append(name, text);
    }
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}

function bodyOf(value: unknown): Buffer | undefined | 'unreadable' {
  if (value === undefined) return undefined;
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? 'unreadable' : Buffer.from(text);
  } catch {
    return 'unreadable';
  }
}
