import { OdpSandboxError } from '../errors.js';
import type { OdpFault } from './fault.js';

type Check = readonly [test: (value: unknown) => boolean, wanted: string];

const text: Check = [(v) => typeof v === 'string', 'a text'];
const name: Check = [
  (v) => typeof v === 'string' && v !== '',
  'a text that is not empty',
];

const timing: Record<string, Check> = {
  times: [isWhole(1, 1e9), 'a whole number from 1'],
  share: [isNumber(0, 1), 'a number from 0 to 1'],
};

/** What each kind of fault may hold, by the field that makes it that kind. */
const kinds: Record<string, Record<string, Check>> = {
  status: {
    status: [isWhole(300, 599), 'a whole number from 300 to 599'],
    retryAfter: [
      (v) => isWhole(0, 1e9)(v) || isHeaderValue(v),
      'a whole number of seconds or an HTTP date',
    ],
    headers: [isHeaders, 'an object of header names and values'],
    body: text,
  },
  latency: {
    latency: [isWhole(1, 3_600_000), 'a whole number of ms, at most an hour'],
  },
  hang: { hang: [(v) => v === true, 'true'] },
  reset: {
    reset: [(v) => v === 'before' || v === 'after', "'before' or 'after'"],
  },
  invalid: {
    invalid: [
      (v) => typeof v === 'function' || isObject(v),
      'a predicate or an object of type, action, field, value',
    ],
    message: text,
  },
};

const pattern: Record<string, Check> = {
  type: name,
  action: name,
  field: name,
  value: text,
};

/**
 * Checks what a caller, the page or the command line gave as a fault.
 *
 * @throws OdpSandboxError `invalidFault` that names the field
 */
export function readFault(given: unknown): OdpFault {
  if (!isObject(given)) throw bad('A fault is an object', usage());
  const made = Object.keys(kinds).filter((kind) => given[kind] !== undefined);
  const [kind, ...others] = made;
  if (kind === undefined || others.length > 0) {
    throw bad(
      kind === undefined
        ? 'The fault has no kind'
        : `The fault has several kinds (${made.join(', ')})`,
      `${usage()} Give several faults one by one.`,
    );
  }
  checkFields(given, { ...kinds[kind], ...timing }, kind);
  const { invalid } = given;
  if (isObject(invalid)) {
    checkFields(invalid, pattern, 'invalid');
    if (invalid['value'] !== undefined && invalid['field'] === undefined) {
      throw bad('invalid.value has no field', 'Say where it stands: field.');
    }
  }
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as unknown as OdpFault;
}

function checkFields(
  given: Record<string, unknown>,
  known: Record<string, Check>,
  kind: string,
): void {
  for (const [field, value] of Object.entries(given)) {
    const check = known[field];
    if (value === undefined) continue;
    if (check === undefined) {
      throw bad(
        `"${field}" is no part of a fault of the kind ${kind}`,
        `It may hold: ${Object.keys(known).join(', ')}.`,
      );
    }
    const [test, wanted] = check;
    if (!test(value)) throw bad(`${field} is not ${wanted}`, 'Give one.');
  }
}

function usage(): string {
  return `Give one of ${Object.keys(kinds).join(', ')}, e.g. { status: 503, times: 2 }.`;
}

function bad(what: string, mend: string): OdpSandboxError {
  return new OdpSandboxError('invalidFault', `${what}. ${mend}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(least: number, most: number) {
  return (value: unknown) =>
    typeof value === 'number' && value >= least && value <= most;
}

function isWhole(least: number, most: number) {
  return (value: unknown) =>
    Number.isInteger(value) && isNumber(least, most)(value);
}

function isHeaderValue(value: unknown): boolean {
  return typeof value === 'string' && /^[\t\x20-\x7e]+$/.test(value);
}

function isHeaders(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.entries(value).every(
      ([key, one]) => /^[\w!#$%&'*+.^`|~-]+$/.test(key) && isHeaderValue(one),
    )
  );
}
