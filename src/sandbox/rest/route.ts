import { OdpSandboxError } from '../errors.js';
import { type Answer, json } from '../wire/answer.js';

/** A request to the sandbox's own API. */
export interface Call {
  /** The last segment of the path, if the route ends in `/:id`. */
  readonly id: string;
  readonly query: URLSearchParams;
  /** The parsed JSON body; `undefined` if there was none. */
  readonly body: unknown;
}

/** Answers a call, or throws an {@link OdpSandboxError}, which becomes a 400. */
export type Route = (call: Call) => Answer | Promise<Answer>;

/** Routes by method and path below `/_sandbox/`, e.g. `GET requests/:id`. */
export type Routes = Readonly<Record<string, Route>>;

export function refuse(status: number, message: string): Answer {
  return json(status, { message });
}

export function found(value: unknown): Answer {
  return value === undefined
    ? refuse(404, 'The sandbox does not know it, or has dropped it.')
    : json(200, value);
}

/** A whole number of the query. */
export function readNumber(
  query: URLSearchParams,
  name: string,
  fallback: number,
  most: number,
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0) {
    throw invalid(
      `${name} is not a whole number`,
      'Give one, or leave it out.',
    );
  }
  return Math.min(value, most);
}

/** What a caller of the API got wrong. */
export function invalid(what: string, fix: string): OdpSandboxError {
  return new OdpSandboxError('invalidOption', `${what}. ${fix}`);
}
