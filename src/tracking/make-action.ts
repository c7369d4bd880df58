import { OdpValidationError } from '../errors/index.js';
import type { OdpEvent } from '../events/index.js';
import type {
  OdpAction,
  OdpActionConditions,
  OdpActionContext,
  OdpActionFactory,
  OdpActionOptions,
} from './odp-action.js';

/** Brings both forms of the decorator's arguments into one. */
export function makeAction<T>(
  event: OdpActionOptions<T> | OdpActionFactory<T>,
  conditions: OdpActionConditions<T>,
): OdpAction {
  const {
    when = true,
    on,
    instance,
    oncePerRequest,
  } = typeof event === 'function' ? conditions : event;
  const make = async (context: OdpActionContext<T>) =>
    typeof event === 'function'
      ? listOf(await evaluate('event', event, context))
      : [await eventOf(event, context)];
  // Which T a handler returns was checked where the decorator stands on it.
  return {
    ...(on === undefined ? {} : { on }),
    ...(instance === undefined ? {} : { instance }),
    ...(oncePerRequest === undefined ? {} : { oncePerRequest }),
    when: (context) => evaluate('when', when, context as OdpActionContext<T>),
    make: (context) => make(context as OdpActionContext<T>),
  };
}

async function eventOf<T>(
  options: OdpActionOptions<T>,
  context: OdpActionContext<T>,
): Promise<OdpEvent> {
  return {
    type: await evaluate('type', options.type, context),
    action: await evaluate('action', options.action, context),
    // Whether these are strings is checked when the event is made.
    identifiers: (await evaluate(
      'identifiers',
      options.identifiers,
      context,
    )) as OdpEvent['identifiers'],
    data: await evaluate('data', options.data, context),
  };
}

function listOf(
  events: OdpEvent | readonly OdpEvent[] | null | undefined,
): readonly OdpEvent[] {
  if (events === undefined || events === null) return [];
  return Array.isArray(events)
    ? (events as readonly OdpEvent[])
    : [events as OdpEvent];
}

type Evaluated<V> = V extends (...args: never[]) => infer R ? Awaited<R> : V;

async function evaluate<T, V>(
  field: string,
  value: V,
  context: OdpActionContext<T>,
): Promise<Evaluated<V>> {
  if (typeof value !== 'function') return value as Evaluated<V>;
  try {
    return (await value(context)) as Evaluated<V>;
  } catch (error) {
    throw new OdpValidationError([
      { path: field, message: `its function threw ${describe(error)}` },
    ]);
  }
}

/** Messages of the engine that quote the source text. Others may hold a value, the app's own anything. */
const QUOTES_SOURCE =
  /^(Cannot read properties of (undefined|null) \(reading '[A-Za-z_$][\w$]*'\)|[A-Za-z_$][\w$.]* is not (a function|defined))$/;

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'what is no Error';
  return QUOTES_SOURCE.test(error.message)
    ? `${error.name} (${error.message})`
    : error.name;
}
