import type { OdpRequest, OdpUser } from '../../options/index.js';
import { parseCookies } from './cookies.js';
import { firstObject, read } from './read.js';

/** What Express' and Fastify's requests, and Node's own, have in common. */
export const httpRequest = (type: string, request: unknown): OdpRequest =>
  new HttpRequest(type, request);

/** A class for the reason that `ActionContext` is one. */
class HttpRequest implements OdpRequest {
  readonly type: string;
  readonly headers: OdpRequest['headers'];
  readonly user: OdpUser;
  readonly params: OdpRequest['params'];
  readonly query: OdpRequest['query'];
  readonly body: unknown;
  readonly raw: unknown;
  #cookies: OdpRequest['cookies'] | undefined;

  constructor(type: string, request: unknown) {
    const objectAt = (key: string) => firstObject(read(request, key));
    this.type = type;
    this.headers = (objectAt('headers') ?? {}) as OdpRequest['headers'];
    this.user = read(request, 'user') as OdpUser;
    this.params = (objectAt('params') ?? {}) as OdpRequest['params'];
    this.query = (objectAt('query') ?? {}) as OdpRequest['query'];
    this.body = read(request, 'body');
    this.raw = request;
    this.#cookies = objectAt('cookies') as OdpRequest['cookies'] | undefined;
  }

  /** Parsed when they are asked for: few handlers' events need them. */
  get cookies(): OdpRequest['cookies'] {
    return (this.#cookies ??= parseCookies(read(this.headers, 'cookie')));
  }
}
