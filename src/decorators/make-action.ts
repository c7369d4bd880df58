import { within } from '../clock.js';
import { OdpValidationError } from '../errors/index.js';
import { nameOfThrown } from '../names.js';
import type { OdpEvent } from '../events/index.js';
import type {
  OdpAction,
  OdpActionConditions,
  OdpActionContext,
  OdpActionEvents,
  OdpActionFactory,
  OdpActionOptions,
  TimeLimit,
} from './odp-action.js';

/** Normalises the two forms of the decorator's arguments. */
export function makeAction<T>(
  event: OdpActionOptions<T> | OdpActionFactory<T>,
  conditions: OdpActionConditions<T>,
): OdpAction {
  const {
    when = true,
    on,
    account,
    identity,
    oncePerRequest,
  } = typeof event === 'function' ? conditions : event;
  const make = (context: OdpActionContext<T>, limit: TimeLimit) =>
    typeof event === 'function'
      ? followUp(evaluate('event', event, context, limit), listOf)
      : eventOf(event, context, limit);
  // That a handler returns T was checked where it is decorated.
  return {
    ...(on === undefined ? {} : { on }),
    ...(typeof account === 'function'
      ? {
          account: undefined,
          accountOf: (context, limit) =>
            evaluate('account', account, context as OdpActionContext<T>, limit),
        }
      : { account }),
    ...(identity === undefined ? {} : { identity }),
    ...(oncePerRequest === undefined ? {} : { oncePerRequest }),
    when: (context, limit) =>
      evaluate('when', when, context as OdpActionContext<T>, limit),
    make: (context, limit) => make(context as OdpActionContext<T>, limit),
  };
}

function eventOf<T>(
  options: OdpActionOptions<T>,
  context: OdpActionContext<T>,
  limit: TimeLimit,
): readonly OdpEvent[] | Promise<readonly OdpEvent[]> {
  const the = <V>(field: string, value: V) =>
    evaluate(field, value, context, limit);
  return followUp(the('type', options.type), (type) =>
    followUp(the('action', options.action), (action) =>
      followUp(the('identifiers', options.identifiers), (identifiers) =>
        followUp(the('data', options.data), (data) => [
          // That these are strings is checked when the event is made.
          { type, action, identifiers, data } as OdpEvent,
        ]),
      ),
    ),
  );
}

function listOf(events: OdpActionEvents): readonly OdpEvent[] {
  if (events === undefined || events === null) return [];
  return Array.isArray(events)
    ? (events as readonly OdpEvent[])
    : [events as OdpEvent];
}

type Evaluated<V> = V extends (...args: never[]) => infer R ? Awaited<R> : V;

function evaluate<T, V>(
  field: string,
  value: V,
  context: OdpActionContext<T>,
  { clock, ms }: TimeLimit,
): Evaluated<V> | Promise<Evaluated<V>> {
  if (typeof value !== 'function') return value as Evaluated<V>;
  const theFunction = () =>
    `its function in @SendOdpEvent() on ${sourceOf(context)}`;
  const failed = (error: unknown): never => {
    throw invalid(
      field,
      `cannot be determined: ${theFunction()} threw ${describe(error)}`,
      readsMissingUser(value, context)
        ? 'Is request.user set by a guard? There was none; write request.user?.… where callers may be anonymous.'
        : 'Fix that function.',
    );
  };
  const late = () =>
    invalid(
      field,
      `cannot be determined: ${theFunction()} was given up after ${ms} ms (delivery.requestTimeout)`,
      'Let its promise settle, or bound what it waits for.',
    );
  try {
    const result: unknown = value(context);
    if (!isThenable(result)) return result as Evaluated<V>;
    const settled = Promise.resolve(result as PromiseLike<Evaluated<V>>);
    return within(clock, ms, settled.catch(failed), () => {
      throw late();
    });
  } catch (error) {
    return failed(error);
  }
}

const invalid = (path: string, message: string, advice: string) =>
  new OdpValidationError([{ path, message }], 'event', advice);

/** Whether a function that failed reads a user that the request lacks. */
const readsMissingUser = (
  failed: object,
  { request }: Pick<OdpActionContext, 'request'>,
): boolean =>
  request.user === undefined &&
  /\buser\b/.test(Function.prototype.toString.call(failed));

/** The handler's name in the app's code. */
export const sourceOf = ({
  executionContext: call,
}: Pick<OdpActionContext, 'executionContext'>): string =>
  `${call.getClass().name}.${call.getHandler().name}`;

/** Promises, and other thenables such as a query. */
const isThenable = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { then?: unknown }).then === 'function';

/** Messages of the engine that only quote source text. All others may hold values. */
const QUOTES_SOURCE =
  /^(Cannot read properties of (undefined|null) \(reading '[A-Za-z_$][\w$]*'\)|[A-Za-z_$][\w$.]* is not (a function|defined))$/;

function describe(error: unknown): string {
  const name = nameOfThrown(error);
  return error instanceof Error && QUOTES_SOURCE.test(error.message)
    ? `${name} (${error.message})`
    : name;
}

/**
 * Continues with a value: at once, or once its promise has resolved. Nearly all
 * values are there already, and a promise for each would cost every request more
 * than the rest.
 */
export const followUp = <T, R>(
  value: T | Promise<T>,
  step: (value: T) => R | Promise<R>,
): R | Promise<R> =>
  value instanceof Promise ? value.then(step) : step(value);
