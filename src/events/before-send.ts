import { OdpValidationError } from '../errors/index.js';
import { nameOfThrown } from '../names.js';
import type { OdpEvent } from './event.js';
import { copyIdentifiers, fillIn, type Violations } from './rules/index.js';

/**
 * A last look at an event before it is checked. It gets a copy, with the caller's
 * identifiers filled in, and returns the event to send, or `undefined` to withhold
 * it.
 */
export type OdpBeforeSend = (event: OdpEvent) => OdpEvent | undefined;

/** How deep an event's data may be nested: `order.items[0].price`. */
const MAX_DEPTH = 5;

/**
 * Passes `beforeSend` a copy of an event, which it may change. The caller's
 * identifiers are in it already: filled in later, they could bring back what was
 * removed.
 *
 * @param failed called when `beforeSend` throws or does not return an event, which withholds it
 * @returns the event to send; `undefined` if it is withheld
 * @throws OdpValidationError when the event cannot be read, or what `identity` returned is invalid
 */
export function lastLook(
  event: OdpEvent,
  caller: unknown,
  options: {
    readonly beforeSend: OdpBeforeSend;
    readonly allowPlaceholderIdentifiers: boolean;
  },
  failed: (how: string) => void,
): OdpEvent | undefined {
  const copy = copyForLook(event, caller, options.allowPlaceholderIdentifiers);
  let result: unknown;
  try {
    result = options.beforeSend(copy);
    if (result === undefined || result === null) return undefined;
    if (isThenable(result)) {
      // A rejection would end the process.
      Promise.resolve(result).catch(() => {});
      failed('returned a promise, but an event cannot wait for it');
      return undefined;
    }
  } catch (error) {
    failed(`threw ${nameOfThrown(error)}`);
    return undefined;
  }
  if (typeof result === 'object') return result as OdpEvent;
  failed('returned neither an event nor undefined');
  return undefined;
}

function copyForLook(
  event: OdpEvent,
  caller: unknown,
  allowPlaceholders: boolean,
): OdpEvent {
  const copy = readCopy(event);
  const violations: Violations = [];
  const known = copyIdentifiers(
    caller,
    'identity',
    violations,
    allowPlaceholders,
  );
  if (violations.length > 0) throw new OdpValidationError(violations);
  // Problems with the event's own identifiers are reported when it is checked.
  const own = copyIdentifiers(copy.identifiers, 'identifiers', [], true);
  const missing = Object.entries(fillIn(own, known)).filter(
    ([name]) => !Object.hasOwn(own, name),
  );
  return missing.length === 0
    ? copy
    : {
        ...copy,
        identifiers: { ...copy.identifiers, ...Object.fromEntries(missing) },
      };
}

function readCopy(event: OdpEvent): OdpEvent {
  try {
    return copyOf(event, MAX_DEPTH) as OdpEvent;
  } catch {
    throw new OdpValidationError([
      { path: 'event', message: 'could not be read (it throws)' },
    ]);
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown }).then === 'function';

/** Copies objects and lists; anything else, such as a Map, is left to the rules. */
function copyOf(value: unknown, depth: number): unknown {
  if (depth === 0) return value;
  if (Array.isArray(value)) return value.map((one) => copyOf(one, depth - 1));
  if (Object.prototype.toString.call(value) !== '[object Object]') return value;
  // Instances of classes as well, including what their prototype computes.
  const copy = Object.create(
    Object.getPrototypeOf(value) as object | null,
  ) as Record<string, unknown>;
  for (const [name, one] of Object.entries(value as object)) {
    Object.defineProperty(copy, name, {
      value: copyOf(one, depth - 1),
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return copy;
}
