/**
 * Reads `from.a.b` of a foreign value, which may be anything, even an object whose
 * getters throw; `undefined` if there is nothing.
 */
export function read(from: unknown, ...path: readonly string[]): unknown {
  try {
    let value: unknown = from;
    for (const key of path) {
      value = (value as Record<string, unknown> | null | undefined)?.[key];
    }
    return value;
  } catch {
    return undefined;
  }
}

/** Calls `on.method()`; `undefined` if there is no such method, or it throws. */
export function call(on: unknown, method: string): unknown {
  try {
    const fn = read(on, method);
    return typeof fn === 'function'
      ? (Reflect.apply(fn, on, []) as unknown)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The first value that is an object. */
export function firstObject(...values: readonly unknown[]): object | undefined {
  return values.find(isObject);
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null;
