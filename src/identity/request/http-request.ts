import type { OdpRequest, OdpUser } from '../odp-request.js';
import { parseCookies } from './cookies.js';
import { firstObject, read } from './read.js';

/** What Express' and Fastify's requests, and Node's own, have in common. */
export function httpRequest(type: string, request: unknown): OdpRequest {
  const objectAt = (key: string) => firstObject(read(request, key));
  const headers = (objectAt('headers') ?? {}) as OdpRequest['headers'];
  return {
    type,
    method: textOf(read(request, 'method')),
    path: pathOf(read(request, 'originalUrl') ?? read(request, 'url')),
    headers,
    cookies: (objectAt('cookies') ??
      parseCookies(read(headers, 'cookie'))) as OdpRequest['cookies'],
    user: read(request, 'user') as OdpUser | undefined,
    params: (objectAt('params') ?? {}) as OdpRequest['params'],
    query: (objectAt('query') ?? {}) as OdpRequest['query'],
    body: read(request, 'body'),
    raw: request,
  };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

const pathOf = (url: unknown): string | undefined => textOf(url)?.split('?')[0];
