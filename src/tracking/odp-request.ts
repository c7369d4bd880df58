import type { ExecutionContext } from '@nestjs/common';
import type { OdpRequest, OdpUser } from '../options/index.js';
import { parseCookies } from './cookies.js';

/** What Express' and Fastify's requests have in common. */
interface HttpRequest {
  readonly headers?: OdpRequest['headers'];
  readonly cookies?: OdpRequest['cookies'];
  readonly user?: OdpUser;
  readonly params?: OdpRequest['params'];
  readonly query?: OdpRequest['query'];
  readonly body?: unknown;
}

/** The request behind a handler. */
export function odpRequestOf(context: ExecutionContext): OdpRequest {
  const type = context.getType<string>();
  return fromHttp(type, context.getArgByIndex<HttpRequest>(0) ?? {});
}

function fromHttp(type: string, request: HttpRequest): OdpRequest {
  const { headers = {} } = request;
  return {
    type,
    headers,
    cookies: request.cookies ?? parseCookies(headers.cookie),
    user: request.user as OdpUser,
    params: request.params ?? {},
    query: request.query ?? {},
    body: request.body,
    raw: request,
  };
}
