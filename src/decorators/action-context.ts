import type { ExecutionContext } from '@nestjs/common';
import type { OdpRequest, OdpUser } from '../identity/index.js';
import type { HandlerEnd } from './handler-end.js';
import type { OdpActionContext } from './odp-action.js';
import { odpRequestOf } from '../identity/index.js';

/**
 * What a handler did. A class, since V8 makes a map (a hidden class) of its own
 * for each literal that has a getter, and keeps that, with the whole request
 * that it leads to, until a full collection.
 */
export class ActionContext implements OdpActionContext {
  readonly args: readonly unknown[];
  readonly result: unknown;
  readonly error: unknown;
  readonly executionContext: ExecutionContext;
  readonly #before: OdpUser | undefined;
  #request: OdpRequest | undefined;

  /** @param before whoever was on the request when the handler began */
  constructor(
    executionContext: ExecutionContext,
    end: HandlerEnd,
    before: OdpUser | undefined,
  ) {
    this.#before = before;
    this.args = executionContext.getArgs();
    this.result = end.outcome === 'error' ? undefined : end.result;
    this.error = end.outcome === 'error' ? end.error : undefined;
    this.executionContext = executionContext;
  }

  /** Read when it is asked for: events that are made of the result alone do without it. */
  get request(): OdpRequest {
    return (this.#request ??= odpRequestOf(
      this.executionContext,
      this.#before,
    ));
  }
}
