import { UseInterceptors } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { addAction, noteMethod } from './action-metadata.js';
import { makeAction } from './make-action.js';
import type {
  OdpActionConditions,
  OdpActionFactory,
  OdpActionOptions,
} from './odp-action.js';
import { OdpEventInterceptor } from './odp-event.interceptor.js';

/** What a handler may return for its result to be a `T`. */
type Returns<T> = T | Promise<T> | Observable<T> | Promise<Observable<T>>;

/** Goes on a handler that returns `T`, or on a class for all of its handlers. */
export interface SendOdpEventDecorator<T> {
  // oxlint-disable-next-line typescript/no-unsafe-function-type -- TypeScript's own type of a class decorator's target
  (target: Function): void;
  <M extends (...args: never[]) => Returns<T>>(
    target: object,
    propertyKey: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void;
}

/**
 * Sends events after a handler has completed: the response is neither delayed
 * nor failed by it. Goes on methods and classes, any number of times, and needs
 * nothing else to be registered.
 *
 * ```ts
 * @SendOdpEvent<Order>({
 *   type: 'order',
 *   action: 'purchase',
 *   identifiers: ({ request }) => ({ email: request.user?.email }),
 *   data: ({ result }) => ({ order_id: result.id, total: result.total }),
 * })
 * ```
 */
export function SendOdpEvent<T = unknown>(
  event: OdpActionOptions<T>,
): SendOdpEventDecorator<T>;
/** Sends the events that a function makes of what the handler did: one, a list, or none. */
export function SendOdpEvent<T = unknown>(
  factory: OdpActionFactory<T>,
  conditions?: OdpActionConditions<T>,
): SendOdpEventDecorator<T>;
export function SendOdpEvent<T = unknown>(
  event: OdpActionOptions<T> | OdpActionFactory<T>,
  conditions: OdpActionConditions<T> = {},
): SendOdpEventDecorator<T> {
  const action = makeAction(event, conditions);
  return (
    target: object,
    propertyKey?: string | symbol,
    descriptor?: PropertyDescriptor,
  ) => {
    if (propertyKey === undefined) {
      if (addAction(target, action)) bindTo(target);
      return;
    }
    const method = methodAt(target, propertyKey, descriptor);
    noteMethod(target, propertyKey);
    if (addAction(method, action)) bindTo(target, propertyKey, descriptor);
  };
}

const bindTo = (...to: readonly unknown[]): void => {
  const bind: (...args: never[]) => void = UseInterceptors(OdpEventInterceptor);
  bind(...(to as never[]));
};

/** @throws TypeError if it cannot be a handler, which Nest would silently ignore */
function methodAt(
  target: object,
  propertyKey: string | symbol,
  descriptor: PropertyDescriptor | undefined,
): object {
  const isStatic = typeof target === 'function';
  const value: unknown = descriptor?.value;
  if (!isStatic && typeof value === 'function') return value;
  const what = isStatic
    ? 'a static member'
    : descriptor === undefined
      ? 'a property'
      : 'an accessor';
  const of = isStatic ? target.name : target.constructor.name;
  throw new TypeError(
    `@SendOdpEvent() goes on methods that Nest calls as handlers, and on classes: ${of}.${String(propertyKey)} is ${what}. Put it on a method, or call odp.trackOdpEvent() of OdpService there.`,
  );
}
