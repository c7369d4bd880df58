import type { IncomingMessage, ServerResponse } from 'node:http';
import { namesLoopback } from './guards.js';
import type { Handler } from './http-server.js';
import { send } from './send.js';

/** Who answers what. */
export interface Routes {
  /** Everything under `/v3`. */
  readonly wire: Handler;
  /** Everything under `/datafiles`. */
  readonly datafile: Handler;
  /** The page and what it talks to. */
  readonly page: Handler;
}

/** Hands a request on, unless a website may have sent it to a loopback address. */
export function route(
  { wire, datafile, page }: Routes,
  onlyLoopback: boolean,
): Handler {
  return async (request: IncomingMessage, response: ServerResponse) => {
    if (onlyLoopback && !namesLoopback(request.headers.host)) {
      return send(response, {
        status: 421,
        contentType: 'text/plain; charset=utf-8',
        body: 'The sandbox is bound to loopback and answers to localhost only. To reach it by another name, start it with --host 0.0.0.0.\n',
      });
    }
    const { url = '/' } = request;
    if (url.startsWith('/v3/')) return wire(request, response);
    if (url.startsWith('/datafiles/')) return datafile(request, response);
    return page(request, response);
  };
}
