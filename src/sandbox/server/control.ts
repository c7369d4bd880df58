import type { IncomingMessage } from 'node:http';
import { OdpSandboxError } from '../errors.js';
import type { ActiveFaults } from '../faults/active-faults.js';
import type { OdpFault } from '../faults/fault.js';
import type { SandboxState } from '../state/state.js';
import { type Answer, json } from '../wire/answer.js';
import { readBody } from './body.js';
import { isJson } from './guards.js';

const MAX_BODY = 64 * 1024;

/** What the page asks for and changes, under `/_sandbox`. */
export class Control {
  readonly #state: SandboxState;
  readonly #faults: ActiveFaults;

  constructor(state: SandboxState, faults: ActiveFaults) {
    this.#state = state;
    this.#faults = faults;
  }

  /** `undefined`: there is nothing of that name. */
  async answer(
    request: IncomingMessage,
    pathname: string,
    query: URLSearchParams,
  ): Promise<Answer | undefined> {
    const { method } = request;
    const [, , name, id] = pathname.split('/');
    if (method !== 'GET' && !isJson(request)) {
      return refuse(415, 'Send this as application/json.');
    }
    switch (`${method} ${name}${id === undefined ? '' : '/:id'}`) {
      case 'GET customer':
        return found(this.#state.customers.find(Object.fromEntries(query)));
      case 'GET requests/:id':
        return found(this.#request(Number(id)));
      case 'POST clear':
        this.#state.clear();
        return json(200, {});
      case 'POST faults':
        return this.#addFault(await readBody(request, MAX_BODY));
      case 'DELETE faults':
        this.#faults.clear();
        return json(200, {});
      case 'DELETE faults/:id':
        this.#faults.remove(Number(id));
        return json(200, {});
      default:
        return undefined;
    }
  }

  #addFault(body: Buffer | undefined): Answer {
    if (body === undefined) return refuse(413, 'The fault is too long.');
    try {
      return json(
        201,
        this.#faults.add(JSON.parse(body.toString()) as OdpFault),
      );
    } catch (error) {
      if (error instanceof OdpSandboxError) return refuse(400, error.message);
      return refuse(400, 'The fault is not JSON.');
    }
  }

  #request(id: number) {
    const [request] = this.#state.requests.after(id - 1, 1);
    if (request?.id !== id) return undefined;
    const { 'x-api-key': _, ...headers } = request.headers;
    return { ...request, headers };
  }
}

function found(value: unknown): Answer {
  return value === undefined
    ? refuse(404, 'The sandbox does not know it, or has forgotten it.')
    : json(200, value);
}

function refuse(status: number, message: string): Answer {
  return json(status, { message });
}
