import type { OdpRequest, OdpUser } from '../../options/index.js';
import { parseCookies } from './cookies.js';
import { firstObject, read } from './read.js';

/** What Express' and Fastify's requests, and Node's own, have in common. */
export function httpRequest(type: string, request: unknown): OdpRequest {
  const objectAt = (key: string) => firstObject(read(request, key));
  const headers = (objectAt('headers') ?? {}) as OdpRequest['headers'];
  let cookies = objectAt('cookies') as OdpRequest['cookies'] | undefined;
  return {
    type,
    headers,
    // Few handlers' events need them, and each request would pay.
    get cookies() {
      return (cookies ??= parseCookies(read(headers, 'cookie')));
    },
    user: read(request, 'user') as OdpUser,
    params: (objectAt('params') ?? {}) as OdpRequest['params'],
    query: (objectAt('query') ?? {}) as OdpRequest['query'],
    body: read(request, 'body'),
    raw: request,
  };
}
