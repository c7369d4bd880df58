import { pathOf } from '../../names.js';
import type { OdpViolation } from '../../errors/index.js';

/** Collects what is wrong. */
export type Violations = OdpViolation[];

/** A copy of a foreign object: reading it runs no foreign code. */
export type Fields = Record<string, unknown>;

/**
 * Copies the own fields of an object, reading each once, so that a getter can
 * neither throw nor answer differently the next time. `undefined` if `value` is not
 * an object with fields.
 */
export function readFields(
  value: unknown,
  path: string,
  violations: Violations,
): Fields | undefined {
  try {
    // Spreading copies a plain object as a whole.
    if (hasFields(value)) return { ...value };
    violations.push({
      path,
      message:
        value instanceof Map
          ? 'must be an object of fields and values, not a Map; pass Object.fromEntries(map)'
          : 'must be an object of fields and values',
    });
  } catch {
    tellWhatThrows(value as object, path, violations);
  }
  return undefined;
}

/** Whether a name from `for…in` is the object's own; in such a loop V8 need not look it up. */
export const isOwn = (fields: Readonly<Fields>, name: string): boolean =>
  Object.prototype.hasOwnProperty.call(fields, name);

/** Reports which fields throw, or that all of it does. */
function tellWhatThrows(
  value: object,
  path: string,
  violations: Violations,
): void {
  const message = 'could not be read (it throws)';
  const before = violations.length;
  try {
    for (const key of Object.keys(value)) {
      try {
        void (value as Fields)[key];
      } catch {
        violations.push({ path: pathOf(path, key), message });
      }
    }
  } catch {
    // Not even its names can be read.
  }
  if (violations.length === before) violations.push({ path, message });
}

/** What a value is, for messages that must not show it. */
export const describe = (value: unknown): string =>
  // Array.isArray would throw for a revoked proxy.
  typeof value === 'object' ? 'an object or list' : `a ${typeof value}`;

/** Plain objects and instances of classes, but not arrays, maps, dates and the like. */
function hasFields(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype ||
    prototype === null ||
    Object.prototype.toString.call(value) === '[object Object]'
  );
}
