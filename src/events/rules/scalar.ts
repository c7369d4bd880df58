import { describe, pathOf, type Violations } from './read-fields.js';
import { isTooLong, TOO_LONG } from './serialise.js';

/** What a field of ODP can hold. */
export type Scalar = string | number | boolean | null;

/** Beyond it a double no longer tells neighbouring integers apart. */
const LARGEST_NUMBER = 2 ** 53;

const HINTS: Readonly<Record<string, string>> = {
  bigint: '; pass a bigint as a string',
  object:
    '; nested values are only known to ODP as data.order, and a Date goes as epoch seconds or an ISO 8601 string',
};

/** Copies a field's value into `target`, or tells what is wrong with it. */
export function copyScalar(
  target: Record<string, unknown>,
  key: string,
  value: unknown,
  path: string,
  violations: Violations,
): void {
  const message = problemOf(value);
  if (message !== undefined) {
    violations.push({ path: pathOf(path, key), message });
  } else {
    // Half of a cut-off emoji is common in user text and no reason to lose the event.
    target[key] = typeof value === 'string' ? value.toWellFormed() : value;
  }
}

function problemOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return isTooLong(value) ? TOO_LONG : undefined;
    case 'boolean':
      return undefined;
    case 'number':
      return Math.abs(value) <= LARGEST_NUMBER
        ? undefined
        : 'must be a finite number within ±2^53';
    default:
      return value === null
        ? undefined
        : `must be a string, number, boolean or null, not ${describe(value)}${HINTS[typeof value] ?? ''}`;
  }
}
