import { OdpSandboxError, type OdpSandboxErrorCode } from './errors.js';

/** Whether a value is valid, and what would be, in words. */
export type Check = readonly [
  test: (value: unknown) => boolean,
  wanted: string,
];

export const text: Check = [(v) => typeof v === 'string', 'a text'];

export const nonEmpty: Check = [
  (v) => typeof v === 'string' && v !== '',
  'a non-empty text',
];

export const isTrue: Check = [(v) => v === true, 'true'];

/** What an event pattern may hold. */
export const patternChecks: Readonly<Record<string, Check>> = {
  type: nonEmpty,
  action: nonEmpty,
  field: nonEmpty,
  value: text,
};

/**
 * Checks what a caller, the page or the command line gave, field by field.
 *
 * @param what the thing they belong to, e.g. `match`
 * @throws OdpSandboxError that names the field
 */
export function checkFields(
  given: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, Check>>,
  what: string,
  code: OdpSandboxErrorCode = 'invalidOption',
): void {
  for (const [field, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const check = known[field];
    if (check === undefined) {
      throw new OdpSandboxError(
        code,
        `"${field}" is not a field of ${what}. It may have: ${Object.keys(known).join(', ')}.`,
      );
    }
    const [test, wanted] = check;
    if (!test(value)) {
      throw new OdpSandboxError(code, `${field} is not ${wanted}. Give one.`);
    }
  }
  if (known['field'] && given['value'] !== undefined && !given['field']) {
    throw new OdpSandboxError(
      code,
      `${what}.value has no field. Say where it is: field.`,
    );
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isNumber(least: number, most: number) {
  return (value: unknown) =>
    typeof value === 'number' && value >= least && value <= most;
}

export function isWhole(least: number, most: number) {
  return (value: unknown) =>
    Number.isInteger(value) && isNumber(least, most)(value);
}
