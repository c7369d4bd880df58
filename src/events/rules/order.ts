import type { JsonWriter } from './json-writer.js';
import { type Fields, readFields, type Violations } from './read-fields.js';
import { type Scalar, writeScalar } from './scalar.js';
import { isBlank } from './text.js';

type Item = Readonly<Record<string, Scalar>>;
/** Far beyond any real order, and small enough that a list with a fake length costs nothing. */
const MAX_ITEMS = 10_000;

/** An order that was checked. */
export type Order = Readonly<Record<string, Scalar | readonly Item[]>>;

/** Writes an order with its line items, and reports what is wrong. */
export function writeOrder(
  value: unknown,
  path: string,
  violations: Violations,
  json: JsonWriter,
): void {
  const order = readFields(value, path, violations);
  if (order === undefined) return;
  json.open('order');
  for (const name of Object.keys(order)) {
    const field = order[name];
    if (name === 'items' && field !== null && field !== undefined) {
      writeItems(field, `${path}.items`, violations, json);
    } else {
      writeScalar(name, field, path, violations, json);
    }
  }
  json.close();
  requireId(order, 'order_id', path, violations);
}

function writeItems(
  value: unknown,
  path: string,
  violations: Violations,
  json: JsonWriter,
): void {
  json.openList('items');
  try {
    // Read once, since a proxy may return a different length each time.
    const length: unknown = Array.isArray(value) ? value.length : undefined;
    if (typeof length === 'number' && length <= MAX_ITEMS) {
      for (let i = 0; i < length; i++) {
        const item: unknown = (value as unknown[])[i];
        writeItem(item, `${path}[${i}]`, violations, json);
      }
    } else {
      violations.push({
        path,
        message: `must be a list of at most ${MAX_ITEMS} line items`,
      });
    }
  } catch {
    violations.push({ path, message: 'could not be read (it throws)' });
  }
  json.closeList();
}

function writeItem(
  value: unknown,
  path: string,
  violations: Violations,
  json: JsonWriter,
): void {
  const item = readFields(value, path, violations);
  if (item === undefined) return;
  json.open();
  for (const name of Object.keys(item)) {
    writeScalar(name, item[name], path, violations, json);
  }
  json.close();
  requireId(item, 'product_id', path, violations);
}

function requireId(
  fields: Readonly<Fields>,
  name: string,
  path: string,
  violations: Violations,
): void {
  const id = fields[name];
  if (typeof id === 'number') return;
  if (typeof id === 'string' && !isBlank(id)) return;
  violations.push({
    path: `${path}.${name}`,
    message: 'is required: a non-blank string or a number',
  });
}
