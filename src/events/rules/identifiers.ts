import { describe, isOwn, readFields, type Violations } from './read-fields.js';
import { pathOf } from '../../names.js';
import type { JsonWriter } from './json-writer.js';
import { isTooLong, TOO_LONG } from './length.js';
import { BAD_NAME, isBlank, isFieldName, trimInvisible } from './text.js';

/** Feature Experimentation's user id, whose SDKs also accept these spellings. */
const USER_ID = 'fs_user_id';
const USER_ID_SPELLINGS = new Set([USER_ID, 'fs-user-id']);
const SPELLING_LENGTH = USER_ID.length;
/** What missing values turn into as text. Sending one would merge all customers without a value. */
const PLACEHOLDERS = new Set(['undefined', 'null', 'NaN', '[object Object]']);
const MAX_PLACEHOLDER_LENGTH = '[object Object]'.length;

const MAX_EMPTY_NAMED = 5;

/** What is wrong with an event about nobody. */
export const NO_IDENTIFIER =
  'must hold at least one identifier that is a non-blank string';

/**
 * Copies the identifiers that can be sent, and normalises the spelling of
 * `fs_user_id`: the exact one wins, else the first other. Reports what is wrong.
 */
export function copyIdentifiers(
  value: unknown,
  path: string,
  violations: Violations,
  allowPlaceholders = false,
): Record<string, string> {
  if (value === undefined || value === null) return {};
  const identifiers = readFields(value, path, violations) ?? {};
  let alias: string | undefined;
  for (const key in identifiers) {
    if (!isOwn(identifiers, key)) continue;
    const identifier = identifiers[key];
    if (!isFieldName(key)) {
      delete identifiers[key];
      violations.push({ path, message: BAD_NAME });
    } else if (identifier === undefined || identifier === null) {
      delete identifiers[key];
    } else if (typeof identifier !== 'string') {
      delete identifiers[key];
      violations.push({
        path: pathOf(path, key),
        message: `must be a string, not ${describe(identifier)}`,
      });
    } else if (isTooLong(identifier)) {
      violations.push({ path: pathOf(path, key), message: TOO_LONG });
    } else if (isBlank(identifier)) {
      delete identifiers[key]; // A blank e-mail address must not merge customers.
    } else if (!identifier.isWellFormed()) {
      violations.push({
        path: pathOf(path, key),
        message: 'must be well-formed Unicode',
      });
    } else {
      const trimmed = trimInvisible(identifier);
      if (!allowPlaceholders && isPlaceholder(trimmed)) {
        violations.push({
          path: pathOf(path, key),
          message: `must not be ${trimmed}, which stands for a missing value; leave it out, or set allowPlaceholderIdentifiers if it is a real value`,
        });
      } else if (key !== USER_ID && isUserId(key)) {
        delete identifiers[key];
        alias ??= trimmed;
      } else if (trimmed !== identifier) {
        identifiers[key] = trimmed;
      }
    }
  }
  if (alias !== undefined) identifiers[USER_ID] ??= alias;
  return identifiers as Record<string, string>;
}

/** Writes an event's identifiers, of which it needs at least one, and reports what is wrong. */
export function writeIdentifiers(
  value: unknown,
  path: string,
  violations: Violations,
  json: JsonWriter,
  caller?: Readonly<Record<string, string>>,
  allowPlaceholders = false,
): void {
  const before = violations.length;
  const own = copyIdentifiers(value, path, violations, allowPlaceholders);
  let none = true;
  for (const name in own) {
    if (!isOwn(own, name)) continue;
    none = false;
    json.field(name, own[name]);
  }
  // Into the text, not into an object of both, which would cost more than all else here.
  if (caller !== undefined && !isAboutAnother(own, caller)) {
    for (const name in caller) {
      if (!isOwn(caller, name) || isOwn(own, name)) continue;
      none = false;
      json.field(name, caller[name]);
    }
  }
  if (none && violations.length === before) {
    violations.push(
      { path, message: NO_IDENTIFIER },
      ...emptyIdentifiers(value, path),
    );
  }
}

/** The identifiers that were given but are empty, usually by mistake. */
function emptyIdentifiers(value: unknown, path: string): Violations {
  const fields = Object.entries(readFields(value ?? {}, path, []) ?? {});
  return fields.slice(0, MAX_EMPTY_NAMED).map(([name, identifier]) => ({
    path: pathOf(path, name),
    message: `is ${typeof identifier === 'string' ? 'blank' : String(identifier)}`,
  }));
}

/** Writes the identifiers of an event that may get more from the caller, and reports what is wrong. */
export function writeOwnIdentifiers(
  value: unknown,
  path: string,
  violations: Violations,
  json: JsonWriter,
): void {
  const own = copyIdentifiers(value, path, violations);
  for (const name of Object.keys(own)) json.field(name, own[name]);
}

/**
 * How many identifiers such an event would be sent with. Broken ones count as
 * enough, so that sending reports them.
 */
export function countIdentifiers(
  value: unknown,
  callerIdentifiers: unknown,
): number {
  const violations: Violations = [];
  const identifiers = fillIn(
    copyIdentifiers(value, 'identifiers', violations),
    copyIdentifiers(callerIdentifiers, 'identity', violations),
  );
  return violations.length > 0 ? Infinity : Object.keys(identifiers).length;
}

/** Adds the caller's identifiers that an event lacks, unless it is about somebody else. */
export const fillIn = (
  own: Readonly<Record<string, string>>,
  caller: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  isAboutAnother(own, caller) ? own : { ...caller, ...own };

/**
 * Whether an event has one of the caller's identifiers with a different value: it is
 * about somebody else, such as the customer whom an agent serves. It gets
 * nothing of the caller, since ODP would merge the two.
 */
function isAboutAnother(
  own: Readonly<Record<string, string>>,
  caller: Readonly<Record<string, string>>,
): boolean {
  for (const name in own) {
    // ODP may treat another spelling as the same identifier.
    for (const other in caller) {
      if (caller[other] !== own[name] && isSpelling(other, name)) return true;
    }
  }
  return false;
}

/** Most names differ in length, and need no more than a look at that. */
const isSpelling = (name: string, of: string) =>
  name.length === of.length && fold(name) === fold(of);

const fold = (name: string) => name.replaceAll('-', '_').toLowerCase();

/** Not a Set, which hashes the text: on Node 26 that costs more than all other checks. */
const isPlaceholder = (text: string) =>
  text.length <= MAX_PLACEHOLDER_LENGTH && PLACEHOLDERS.has(text);

const isUserId = (key: string) =>
  key.length === SPELLING_LENGTH && USER_ID_SPELLINGS.has(key.toLowerCase());
