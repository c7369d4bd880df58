import type { JsonWriter } from './json-writer.js';
import { isTooLong, TOO_LONG } from './length.js';
import { pathOf } from '../../names.js';
import { describe, type Violations } from './read-fields.js';
import { BAD_NAME, isFieldName } from './text.js';

/** What a field of ODP can hold. */
export type Scalar = string | number | boolean | null;

/** Beyond this, a double cannot tell neighbouring integers apart. */
const LARGEST_NUMBER = 2 ** 53;

const HINTS: Readonly<Record<string, string>> = {
  bigint: '; pass a bigint as a string',
  object:
    '; the only nested value of ODP is data.order; send a Date as epoch seconds or an ISO 8601 string',
};

/** Writes a field with a single value, and reports any other. */
export function writeScalar(
  name: string,
  value: unknown,
  path: string,
  violations: Violations,
  json: JsonWriter,
): void {
  const message = problemOf(value);
  if (message !== undefined) {
    violations.push(
      isFieldName(name)
        ? { path: pathOf(path, name), message }
        : { path, message: BAD_NAME },
    );
  } else if (!json.field(name, value as Scalar | undefined)) {
    violations.push({ path, message: BAD_NAME });
  }
}

function problemOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return isTooLong(value) ? TOO_LONG : undefined;
    case 'boolean':
    case 'undefined':
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
