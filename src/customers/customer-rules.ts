import { isName, pathOf } from '../names.js';
import {
  copyIdentifiers,
  isOwn,
  type JsonWriter,
  NO_IDENTIFIER,
  readFields,
  TOO_LONG,
  type Violations,
  writeIdentifiers,
  writeScalar,
} from '../events/index.js';

const FIELDS = ['identifiers', 'attributes'];

/**
 * Writes a customer the way ODP takes it, with identifiers among the attributes, and
 * reports what is wrong. Use the text only if nothing is.
 */
export function customerText(
  customer: unknown,
  violations: Violations,
  json: JsonWriter,
  allowPlaceholders: boolean,
): string {
  const before = violations.length;
  const fields = readFields(customer, 'customer', violations);
  if (fields === undefined) return '';
  for (const name in fields) {
    if (FIELDS.includes(name) || fields[name] === undefined) continue;
    violations.push({
      path: pathOf('customer', name),
      message: `is not a field of a customer; move it into attributes (there are ${FIELDS.join(', ')})`,
    });
  }
  json.begin();
  json.open('attributes');
  const identifiers = copyIdentifiers(
    fields['identifiers'],
    'identifiers',
    violations,
    allowPlaceholders,
  );
  for (const name in identifiers) json.field(name, identifiers[name]);
  refuseLookAlikes(Object.keys(identifiers), 'identifiers', violations);
  if (Object.keys(identifiers).length === 0 && violations.length === before) {
    violations.push({
      path: 'identifiers',
      message: NO_IDENTIFIER,
    });
  }
  writeAttributes(
    fields['attributes'],
    'attributes',
    violations,
    json,
    identifiers,
  );
  json.close();
  const text = json.end();
  if (text === undefined) {
    violations.push({ path: 'customer', message: TOO_LONG });
  }
  return text ?? '';
}

/** Checks identifiers without the rest of the customer. */
export function checkCustomerIdentifiers(
  value: unknown,
  path: string,
  violations: Violations,
  json: JsonWriter,
): void {
  writeIdentifiers(value, path, violations, json);
  const names = Object.keys(copyIdentifiers(value, path, []));
  refuseLookAlikes(names, path, violations);
}

/**
 * Writes attributes and reports what is wrong. Absent ones are fine.
 *
 * @param identifiers those of the customer, written already
 */
export function writeAttributes(
  value: unknown,
  path: string,
  violations: Violations,
  json: JsonWriter,
  identifiers: Readonly<Record<string, string>> = {},
): void {
  if (value === undefined || value === null) return;
  const attributes = readFields(value, path, violations) ?? {};
  const written: string[] = [];
  for (const name in attributes) {
    if (!isOwn(attributes, name)) continue;
    if (attributes[name] !== undefined) written.push(name);
    if (isOwn(identifiers, name)) {
      if (attributes[name] === identifiers[name]) continue;
      violations.push({
        path: pathOf(path, name),
        message: 'is an identifier of the customer, with another value there',
      });
    } else {
      writeScalar(name, attributes[name], path, violations, json);
    }
  }
  refuseLookAlikes(written, path, violations, Object.keys(identifiers));
}

/** As ODP spells all of its own names: two of them are two fields. */
const PLAIN_NAME = /^[a-z][a-z0-9_]*$/;

/**
 * Reports names that differ from another only in case, blanks or hyphens. Whether
 * ODP takes both for one field is not documented; if so, one value would be lost, or
 * an attribute would stand for somebody else's identifier.
 *
 * @param others names that are written already
 */
function refuseLookAlikes(
  names: readonly string[],
  path: string,
  violations: Violations,
  others: readonly string[] = [],
): void {
  const isPlain = (name: string) => PLAIN_NAME.test(name);
  if (names.every(isPlain) && others.every(isPlain)) return;
  const seen = new Map<string, string>();
  for (const name of others) {
    for (const form of formsOf(name)) seen.set(form, name);
  }
  for (const name of names) {
    const forms = formsOf(name);
    const other = forms.map((form) => seen.get(form)).find(Boolean);
    for (const form of forms) seen.set(form, name);
    if (other === undefined || other === name) continue;
    violations.push({
      path: pathOf(path, name),
      message: `differs from ${isName(other) ? other : 'another name'} only in case, blanks or hyphens, and ODP may take the two for one field; leave one out`,
    });
  }
}

/** How a name reads without case, and without blanks or with underscores for them. */
function formsOf(name: string): readonly string[] {
  const lower = name.toLowerCase();
  return [lower.replaceAll(/\s/g, ''), lower.replaceAll(/[\s-]/g, '_')];
}
