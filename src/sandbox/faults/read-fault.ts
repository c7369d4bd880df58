import {
  type Check,
  checkFields,
  isNumber,
  isObject,
  isTrue,
  isWhole,
  patternChecks,
  text,
} from '../check.js';
import { OdpSandboxError } from '../errors.js';
import type { OdpFault } from './fault.js';

const patternOrPredicate: Check = [
  (v) => typeof v === 'function' || isObject(v),
  'a predicate or an object of type, action, field, value',
];

const scope: Record<string, Check> = {
  times: [isWhole(1, 1e9), 'a whole number from 1'],
  share: [isNumber(0, 1), 'a number from 0 to 1'],
  path: [
    (v) => typeof v === 'string' && v.startsWith('/'),
    'a path that starts with /',
  ],
  match: patternOrPredicate,
};

/** What each kind of fault may hold, by the field that makes it that kind. */
const kinds: Record<string, Record<string, Check>> = {
  status: {
    status: [isWhole(200, 599), 'a whole number from 200 to 599'],
    retryAfter: [
      (v) => isWhole(0, 1e9)(v) || isHeaderValue(v),
      'a whole number of seconds or an HTTP date',
    ],
    headers: [isHeaders, 'an object of header names and values'],
    body: text,
    html: isTrue,
    bodyBytes: [isWhole(20, 2 ** 31), 'a whole number of bytes from 20'],
    dribble: isTrue,
  },
  latency: {
    latency: [isWhole(1, 3_600_000), 'a whole number of ms, at most an hour'],
  },
  hang: { hang: isTrue },
  reset: {
    reset: [(v) => v === 'before' || v === 'after', "'before' or 'after'"],
  },
  invalid: { invalid: patternOrPredicate, message: text },
};

/** The fields of a status fault that replace ODP's body. */
const BODIES = ['body', 'html', 'bodyBytes', 'dribble'];

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
  checkFields(given, { ...kinds[kind], ...scope }, kind, 'invalidFault');
  if (kind === 'status') checkBody(given);
  for (const name of ['invalid', 'match']) {
    const pattern = given[name];
    if (isObject(pattern)) {
      checkFields(pattern, patternChecks, name, 'invalidFault');
    }
  }
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as unknown as OdpFault;
}

function checkBody(given: Record<string, unknown>): void {
  const bodies = BODIES.filter((field) => given[field] !== undefined);
  if (bodies.length > 1) {
    throw bad(
      `The fault has several bodies (${bodies.join(', ')})`,
      'Give one.',
    );
  }
  if (bodies.length === 0 && (given['status'] as number) < 300) {
    throw bad(
      'A status below 300 is what ODP itself would answer',
      `Say what is wrong with the body: ${BODIES.join(', ')}.`,
    );
  }
}

function usage(): string {
  return `Give one of ${Object.keys(kinds).join(', ')}, e.g. { status: 503, times: 2 }.`;
}

function bad(what: string, fix: string): OdpSandboxError {
  return new OdpSandboxError('invalidFault', `${what}. ${fix}`);
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
