import { readFields, type Violations } from './read-fields.js';
import { copyScalar, type Scalar } from './scalar.js';

type Fields = Record<string, Scalar>;
/** Far beyond any real order, and small enough that a list with a made-up length costs nothing. */
const MOST_ITEMS = 10_000;

/** A copied order. */
export type Order = Record<string, Scalar | Fields[]>;

/** Copies an order with its line items; tells what is wrong. */
export function checkOrder(
  value: unknown,
  path: string,
  violations: Violations,
): Order {
  const order: Order = {};
  const readable = readFields(value, path, violations, (key, field) => {
    if (key === 'items' && field !== null) {
      order[key] = checkItems(field, `${path}.${key}`, violations);
    } else {
      copyScalar(order, key, field, path, violations);
    }
  });
  if (readable) requireId(order, 'order_id', path, violations);
  return order;
}

function checkItems(
  value: unknown,
  path: string,
  violations: Violations,
): Fields[] {
  const items: Fields[] = [];
  try {
    // Read once, as a proxy may tell another length each time.
    const length: unknown = Array.isArray(value) ? value.length : undefined;
    if (typeof length !== 'number' || !(length <= MOST_ITEMS)) {
      violations.push({
        path,
        message: `must be a list of at most ${MOST_ITEMS} line items`,
      });
      return items;
    }
    for (let i = 0; i < length; i++) {
      const item: unknown = (value as unknown[])[i];
      items.push(checkItem(item, `${path}[${i}]`, violations));
    }
  } catch {
    violations.push({ path, message: 'could not be read (it throws)' });
  }
  return items;
}

function checkItem(
  value: unknown,
  path: string,
  violations: Violations,
): Fields {
  const item: Fields = {};
  const readable = readFields(value, path, violations, (key, field) => {
    copyScalar(item, key, field, path, violations);
  });
  if (readable) requireId(item, 'product_id', path, violations);
  return item;
}

function requireId(
  fields: Readonly<Record<string, unknown>>,
  key: string,
  path: string,
  violations: Violations,
): void {
  const id = fields[key];
  if (typeof id === 'number') return;
  if (typeof id === 'string' && id.trim() !== '') return;
  violations.push({
    path: `${path}.${key}`,
    message: 'is required: a non-blank string or a number',
  });
}
