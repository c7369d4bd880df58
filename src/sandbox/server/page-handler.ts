import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ActiveFaults } from '../faults/active-faults.js';
import type { ResolvedOptions } from '../options.js';
import type { SandboxState } from '../state/state.js';
import { json, notFound } from '../wire/answer.js';
import { Assets } from './assets.js';
import { Control } from './control.js';
import { EventStream } from './event-stream.js';
import { isCrossSite } from './guards.js';
import { send } from './send.js';

/** Events hold other people's text: nothing of it may run, load or be framed. */
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

/** Serves the page and what it talks to, under `/_sandbox`. */
export class PageHandler {
  readonly #assets = new Assets();
  readonly #control: Control;
  readonly #stream: EventStream;
  readonly #hello: object;

  constructor(
    options: ResolvedOptions,
    state: SandboxState,
    faults: ActiveFaults,
  ) {
    this.#control = new Control(state, faults);
    this.#stream = new EventStream(state, faults);
    this.#hello = {
      onInvalid: options.onInvalid,
      needsKey: options.apiKey !== undefined,
    };
  }

  async handle(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) {
      response.setHeader(name, value);
    }
    const [pathname = '/', query] = request.url!.split('?', 2);
    const isControl = pathname.startsWith('/_sandbox/');
    if (isControl && isCrossSite(request)) {
      return send(response, json(403, { message: 'Not for other sites.' }));
    }
    if (request.method === 'GET' && pathname === '/_sandbox/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return this.#stream.open(response, this.#hello);
    }
    const answer = isControl
      ? await this.#control.answer(
          request,
          pathname,
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
