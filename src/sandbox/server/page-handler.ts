import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Rest } from '../rest/rest.js';
import { json, notFound } from '../wire/answer.js';
import { Assets } from './assets.js';
import type { EventStream } from './event-stream.js';
import { isCrossSite } from './guards.js';
import { send } from './send.js';

const REST_PREFIX = '/_sandbox/';

/** Events hold other people's text, none of which may run, load or be framed. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Serves the page, the API below `/_sandbox/`, and the stream. */
export class PageHandler {
  readonly #assets = new Assets();
  readonly #rest: Rest;
  readonly #stream: EventStream;
  readonly #hello: () => object;

  constructor(rest: Rest, stream: EventStream, hello: () => object) {
    this.#rest = rest;
    this.#stream = stream;
    this.#hello = hello;
  }

  async handle(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) {
      response.setHeader(name, value);
    }
    const [pathname = '/', query] = request.url!.split('?', 2);
    const isRest = pathname.startsWith(REST_PREFIX);
    if (isRest && isCrossSite(request)) {
      return send(response, json(403, { message: 'Not for other sites.' }));
    }
    if (request.method === 'GET' && pathname === '/_sandbox/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return this.#stream.open(response, this.#hello());
    }
    const answer = isRest
      ? await this.#rest.answer(
          request,
          pathname.slice(REST_PREFIX.length),
          new URLSearchParams(query),
        )
      : request.method === 'GET'
        ? await this.#assets.answer(pathname)
        : undefined;
    send(
      response,
      answer ?? notFound(`There is no ${request.method} ${pathname} here.`),
    );
  }

  close(): void {
    this.#stream.close();
  }
}
