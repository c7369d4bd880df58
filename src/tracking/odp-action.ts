import type { ExecutionContext } from '@nestjs/common';
import type { OdpEvent, OdpEventData } from '../events/index.js';
import type { OdpRequest } from '../options/index.js';

/** What a handler did, for the functions of `@SendOdpEvent()`. */
export interface OdpActionContext<T = unknown> {
  /** The request behind the handler, the same for every kind of handler. */
  readonly request: OdpRequest;
  /** What Nest called the handler with, such as `[request, response, next]`. */
  readonly args: readonly unknown[];
  /** What the handler returned: a promise's value, a stream's last; `undefined` after an error. */
  readonly result: T;
  /** What the handler threw; `undefined` after a success. */
  readonly error: unknown;
  /** Nest's own view of the call. */
  readonly executionContext: ExecutionContext;
}

/** A value, or a function of what the handler did; evaluated once per call. */
export type OdpActionValue<T, V> =
  V | ((context: OdpActionContext<T>) => V | Promise<V>);

/** When `@SendOdpEvent()` sends, and to which account. */
export interface OdpActionConditions<T = unknown> {
  /**
   * Sends only where this is `true`.
   * @default true
   */
  readonly when?: OdpActionValue<T, boolean>;
  /**
   * After which outcome of the handler.
   * @default 'success'
   */
  readonly on?: 'success' | 'error' | 'always';
  /**
   * The name of the account, as given to `OptimizelyOdpModule`.
   * @default the account without a name
   */
  readonly instance?: string;
}

/** The event that `@SendOdpEvent()` sends, field by field. */
export interface OdpActionOptions<T = unknown> extends OdpActionConditions<T> {
  /** @default 'fullstack' */
  readonly type?: OdpActionValue<T, string | null | undefined>;
  readonly action: OdpActionValue<T, string>;
  /** What it lacks is filled in from the `identity` option. A value that is no string is reported, not sent. */
  readonly identifiers?: OdpActionValue<
    T,
    Readonly<Record<string, unknown>> | null | undefined
  >;
  readonly data?: OdpActionValue<T, OdpEventData | null | undefined>;
}

/** Makes 0 to n events of what the handler did. */
export type OdpActionFactory<T = unknown> = (
  context: OdpActionContext<T>,
) => OdpActionEvents | Promise<OdpActionEvents>;

/** What a factory may return. */
export type OdpActionEvents = OdpEvent | readonly OdpEvent[] | null | undefined;

/** What the decorator leaves on a handler or class. */
export interface OdpAction extends OdpActionConditions {
  readonly make: (context: OdpActionContext) => Promise<readonly OdpEvent[]>;
}
