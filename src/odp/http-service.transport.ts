import type { HttpService } from '@nestjs/axios';
import { Readable } from 'node:stream';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { type Clock, systemClock } from '../clock.js';
import { needsWholeBody } from './read-answer.js';
import { BODY_TIMEOUT_MS, readBody } from './read-body.js';
import {
  OdpTransport,
  OdpTransportError,
  type OdpTransportRequest,
  type OdpTransportResponse,
} from './transport.js';

/**
 * Sends through the axios instance of Nest's `HttpService`, so that the app's
 * own interceptors, proxies and agents apply. Connections are kept alive by
 * Node's global agent, or by the agent that the app has set.
 */
export class HttpServiceTransport extends OdpTransport {
  readonly #http: Pick<HttpService, 'axiosRef'>;
  readonly #clock: Pick<Clock, 'schedule'>;

  constructor(
    http: Pick<HttpService, 'axiosRef'>,
    clock: Pick<Clock, 'schedule'> = systemClock,
  ) {
    super();
    this.#http = http;
    this.#clock = clock;
  }

  async send(request: OdpTransportRequest): Promise<OdpTransportResponse> {
    try {
      // Not the observable: it makes a cancel token for each request.
      const response: unknown = await this.#http.axiosRef.request(
        configOf(request),
      );
      assertAnswer(response);
      return {
        status: response.status,
        headers: headersOf(response),
        body: await this.#bodyOf(response, request.answerBytes),
      };
    } catch (error) {
      throw new OdpTransportError(reasonOf(error));
    }
  }

  /** A body that breaks off or never ends must neither undo nor delay what the status says. */
  #bodyOf(
    { status, data }: AxiosResponse<unknown>,
    answerBytes: number | undefined,
  ): Promise<string> {
    if (answerBytes !== undefined) return readBody(data, answerBytes);
    if (needsWholeBody(status)) return readBody(data);
    return readBody(data, undefined, (stop) =>
      this.#clock.schedule(stop, BODY_TIMEOUT_MS, false),
    );
  }
}

/** The body is serialised already, and we bound the answer ourselves. */
const AS_IT_IS = [(data: unknown) => data];

function configOf({
  method,
  url,
  headers,
  body,
  signal,
}: OdpTransportRequest): AxiosRequestConfig {
  return {
    method,
    url,
    headers,
    data: body.length === 0 ? undefined : body,
    signal,
    // Override the app's defaults: the key goes to this host and no further, and
    // only `signal` ends the request.
    allowAbsoluteUrls: true,
    maxRedirects: 0,
    fetchOptions: { redirect: 'manual' },
    timeout: 0,
    validateStatus: () => true,
    transformRequest: AS_IT_IS,
    transformResponse: AS_IT_IS,
    responseType: 'stream',
    maxBodyLength: Infinity,
  };
}

/** An app's interceptor may have replaced the response, for example with its data. */
function assertAnswer(value: unknown): asserts value is AxiosResponse<unknown> {
  const { status } = (value ?? {}) as { status?: unknown };
  if (typeof status === 'number') return;
  // Nobody else will read it, and it would keep its connection busy for good.
  if (value instanceof Readable) value.destroy();
  throw new OdpTransportError(
    "an axios interceptor of the app returned no response; exempt ODP's host from it",
  );
}

function headersOf({
  headers,
}: AxiosResponse<unknown>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      value === undefined || value === null ? undefined : String(value),
    ]),
  );
}

/**
 * Axios' errors hold the request with its key, so only their code is passed on.
 * An error without such a code was thrown by an interceptor.
 */
function reasonOf(error: unknown): string {
  if (error instanceof OdpTransportError) return error.reason;
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code)) {
    return code;
  }
  const kind =
    typeof name === 'string' && /^[A-Z][A-Za-z]{0,63}$/.test(name)
      ? ` with a ${name}`
      : '';
  return `an axios interceptor of the app failed${kind}; exempt ODP's host from it`;
}
