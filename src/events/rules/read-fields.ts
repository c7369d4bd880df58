import type { OdpViolation } from '../../errors/index.js';

/** Collects what is wrong. */
export type Violations = OdpViolation[];

/**
 * Calls `visit` with each own field of an object, read exactly once, so that a
 * getter can neither throw through nor answer twice. `undefined` values are
 * left out. Returns whether `value` was an object with fields at all.
 */
export function readFields(
  value: unknown,
  path: string,
  violations: Violations,
  visit: (key: string, value: unknown) => void,
): boolean {
  let keys: string[];
  try {
    if (!hasFields(value)) {
      violations.push({
        path,
        message: 'must be an object of fields and values',
      });
      return false;
    }
    keys = Object.keys(value);
  } catch {
    violations.push({ path, message: 'could not be read (it throws)' });
    return false;
  }
  for (const key of keys) {
    if (key === '__proto__' || key.trim() === '' || !key.isWellFormed()) {
      violations.push({
        path,
        message:
          'has a field whose name is blank, "__proto__" or malformed Unicode; name it otherwise',
      });
      continue;
    }
    let field: unknown;
    try {
      field = (value as Record<string, unknown>)[key];
    } catch {
      violations.push({
        path: pathOf(path, key),
        message: 'could not be read (it throws)',
      });
      continue;
    }
    if (field !== undefined) visit(key, field);
  }
  return true;
}

/**
 * Where a field stands. Names come from the caller and end up in messages and
 * logs: unusual ones are quoted and cut.
 */
export function pathOf(path: string, key: string): string {
  return /^[\w-]{1,64}$/.test(key)
    ? `${path}.${key}`
    : `${path}[${JSON.stringify(key.slice(0, 64))}]`;
}

/** What a value is, for messages that must not show it. */
export const describe = (value: unknown): string =>
  // Array.isArray would throw for a revoked proxy.
  typeof value === 'object' ? 'an object or list' : `a ${typeof value}`;

/** Plain objects and instances of classes, but not arrays, maps, dates and their like. */
function hasFields(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype ||
    prototype === null ||
    Object.prototype.toString.call(value) === '[object Object]'
  );
}
