import { pathOf } from '../names.js';
import {
  copyIdentifiers,
  isOwn,
  type JsonWriter,
  NO_IDENTIFIER,
  readFields,
  TOO_LONG,
  type Violations,
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
  for (const name in attributes) {
    if (!isOwn(attributes, name)) continue;
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
}
