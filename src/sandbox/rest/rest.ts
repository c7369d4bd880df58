import type { IncomingMessage } from 'node:http';
import { OdpSandboxError } from '../errors.js';
import { readBody } from '../server/body.js';
import { isJson } from '../server/guards.js';
import type { Answer } from '../wire/answer.js';
import { refuse, type Route, type Routes } from './route.js';

const MAX_BODY_BYTES = 64 * 1024;

/** The API below `/_sandbox/`: what the page and tests ask for and change. */
export class Rest {
  readonly #routes: Routes;

  constructor(...routes: readonly Routes[]) {
    this.#routes = Object.assign({}, ...routes);
  }

  /** `undefined` if there is no such route. */
  async answer(
    request: IncomingMessage,
    path: string,
    query: URLSearchParams,
  ): Promise<Answer | undefined> {
    const [route, id] = this.#find(request.method!, path);
    if (route === undefined) return undefined;
    const hasBody = request.method === 'POST' || request.method === 'PUT';
    if (hasBody && !isJson(request)) {
      return refuse(415, 'Send this as application/json.');
    }
    const text = await readBody(request, MAX_BODY_BYTES);
    if (text === undefined) {
      return refuse(413, `The body exceeds ${MAX_BODY_BYTES} bytes.`);
    }
    try {
      const body = text.length === 0 ? undefined : parse(text);
      return await route({ id, query, body });
    } catch (error) {
      if (error instanceof OdpSandboxError) return refuse(400, error.message);
      throw error;
    }
  }

  #find(method: string, path: string): [Route | undefined, string] {
    const exact = `${method} ${path}`;
    if (Object.hasOwn(this.#routes, exact)) return [this.#routes[exact], ''];
    const slash = exact.lastIndexOf('/');
    const general = `${exact.slice(0, slash)}/:id`;
    return Object.hasOwn(this.#routes, general)
      ? [this.#routes[general], exact.slice(slash + 1)]
      : [undefined, ''];
  }
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString()) as unknown;
  } catch {
    throw new OdpSandboxError(
      'invalidOption',
      'The body is not JSON. Send an object.',
    );
  }
}
