import type { HttpService } from '@nestjs/axios';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { lastValueFrom } from 'rxjs';
import { readBody } from './read-body.js';
import {
  OdpTransport,
  OdpTransportError,
  type OdpTransportRequest,
  type OdpTransportResponse,
} from './transport.js';

/**
 * Sends through Nest's `HttpService`, so that the app's own axios
 * interceptors, proxies and agents apply. Connections are kept alive by Node's
 * global agent, or by the agent that the app has set.
 */
export class HttpServiceTransport extends OdpTransport {
  readonly #http: Pick<HttpService, 'request'>;

  constructor(http: Pick<HttpService, 'request'>) {
    super();
    this.#http = http;
  }

  async send(request: OdpTransportRequest): Promise<OdpTransportResponse> {
    try {
      const response: unknown = await lastValueFrom(
        this.#http.request(configOf(request)),
      );
      assertAnswer(response);
      return {
        status: response.status,
        headers: headersOf(response),
        body: await bodyOf(response),
      };
    } catch (error) {
      throw new OdpTransportError(reasonOf(error));
    }
  }
}

function configOf({
  url,
  headers,
  body,
  signal,
}: OdpTransportRequest): AxiosRequestConfig {
  return {
    method: 'post',
    url,
    headers: { ...headers },
    data: body,
    signal,
    maxRedirects: 0,
    validateStatus: () => true,
    // The body is serialised already, and the answer is read to a bound of our own.
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
    responseType: 'stream',
    maxBodyLength: Infinity,
  };
}

/** An app's interceptor may have replaced the response, for example by its data. */
function assertAnswer(value: unknown): asserts value is AxiosResponse<unknown> {
  if (typeof value === 'object' && value !== null && 'status' in value) return;
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

async function bodyOf({
  status,
  data,
}: AxiosResponse<unknown>): Promise<string> {
  try {
    return await readBody(data);
  } catch (error) {
    // ODP has said that it has the events; the rest of its answer says no more.
    if (status >= 200 && status < 300) return '';
    throw error;
  }
}

/** Axios' errors carry the request with its key, so only their code goes on. */
function reasonOf(error: unknown): string {
  if (error instanceof OdpTransportError) return error.reason;
  if (!(error instanceof Error))
    return 'an axios interceptor of the app failed';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
