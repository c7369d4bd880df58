import type { ExecutionContext } from '@nestjs/common';
import type { Clock } from '../clock.js';
import type { OdpEvent, OdpEventInput } from '../events/index.js';
import {
  type OdpRequest,
  odpRequestOf,
  type OdpUser,
} from '../identity/index.js';
import type { HandlerEnd } from './handler-end.js';

/** What a handler did, for the functions of `@SendOdpEvent()`. */
export interface OdpActionContext<T = unknown> {
  /**
   * The request behind the handler, the same for every kind of handler. It is a
   * getter, so a copy made by spreading the context lacks it.
   */
  readonly request: OdpRequest;
  /** What Nest called the handler with, such as `[request, response, next]`. */
  readonly args: readonly unknown[];
  /**
   * What the handler returned, after the interceptors between it and the decorator:
   * a promise's value, a stream's last; `undefined` after an error.
   */
  readonly result: T;
  /** What the handler threw; `undefined` after a success. */
  readonly error: unknown;
  /** Nest's own context of the call. */
  readonly executionContext: ExecutionContext;
}

/**
 * A value, or a function of what the handler did, evaluated once per call. A
 * function that takes longer than `delivery.requestTimeout` is given up, and its
 * event with it.
 */
export type OdpActionValue<T, V> =
  V | ((context: OdpActionContext<T>) => V | Promise<V>);

/** When `@SendOdpEvent()` sends, and to which account. */
export interface OdpActionConditions<T = unknown> {
  /**
   * Sends only if this is `true`.
   * @default true
   */
  readonly when?: OdpActionValue<T, boolean> | undefined;
  /**
   * After which outcome of the handler, its pipes and the interceptors below the
   * decorator: it completed (a stream: to its end), it threw, or either. A client
   * that leaves a stream before its end is neither: only `always` sends then.
   * @default 'success'
   */
  readonly on?: 'success' | 'error' | 'always' | undefined;
  /**
   * The name of the account, as given to `OptimizelyOdpModule`.
   * @default the account without a name
   */
  readonly account?: OdpActionValue<T, string | undefined> | undefined;
  /**
   * `false`: the caller's identifiers are not filled in, for events about somebody
   * else, such as the customer whom an agent serves.
   * @default true
   */
  readonly identity?: boolean | undefined;
  /**
   * Sends at most once per GraphQL operation, however often the handler runs
   * for it.
   * @default true for a field resolver, which runs once per object; false for others
   */
  readonly oncePerRequest?: boolean | undefined;
}

/** The event that `@SendOdpEvent()` sends, field by field. */
export interface OdpActionOptions<T = unknown> extends OdpActionConditions<T> {
  /** @default 'fullstack' */
  readonly type?: OdpActionValue<T, string | null | undefined> | undefined;
  readonly action: OdpActionValue<T, string>;
  /** Missing identifiers are filled in from the `identity` option. A value that is not a string is reported, not sent. */
  readonly identifiers?:
    OdpActionValue<T, object | null | undefined> | undefined;
  readonly data?: OdpActionValue<T, object | null | undefined> | undefined;
}

/** Makes any number of events of what the handler did. */
export type OdpActionFactory<T = unknown> = (
  context: OdpActionContext<T>,
) => OdpActionEvents | Promise<OdpActionEvents>;

/** What a factory may return. */
export type OdpActionEvents =
  OdpEventInput | readonly OdpEventInput[] | null | undefined;

/** How long each function of an action may take. */
export interface TimeLimit {
  readonly clock: Clock;
  readonly ms: number;
}

/** What the decorator leaves on a handler or class. */
export interface OdpAction extends Omit<
  OdpActionConditions,
  'when' | 'account'
> {
  /** The account's name, unless it depends on the call. */
  readonly account: string | undefined;
  /** Which account gets the events; absent if it is always `account`. */
  readonly accountOf?: (
    context: OdpActionContext,
    limit: TimeLimit,
  ) => string | undefined | Promise<string | undefined>;
  readonly when: (
    context: OdpActionContext,
    limit: TimeLimit,
  ) => boolean | Promise<boolean>;
  readonly make: (
    context: OdpActionContext,
    limit: TimeLimit,
  ) => readonly OdpEvent[] | Promise<readonly OdpEvent[]>;
}

/**
 * What a handler did. A class, since V8 makes a new hidden class for each literal
 * with a getter, and keeps it, together with the request, until a full collection.
 */
export class ActionContext implements OdpActionContext {
  readonly args: readonly unknown[];
  readonly result: unknown;
  readonly error: unknown;
  readonly executionContext: ExecutionContext;
  readonly #before: OdpUser | undefined;
  #request: OdpRequest | undefined;

  /** @param before the user on the request when the handler started */
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

  /** Read on demand: events that are made of just the result do not need it. */
  get request(): OdpRequest {
    return (this.#request ??= odpRequestOf(
      this.executionContext,
      this.#before,
    ));
  }
}
