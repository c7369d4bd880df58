import { checkOrder, type Order } from './order.js';
import { readFields, type Violations } from './read-fields.js';
import { copyScalar, type Scalar } from './scalar.js';

/** Copied event data. */
export type Data = Record<string, Scalar | Order>;

/**
 * Copies event data into `data`, over what it holds already; tells what is
 * wrong. Absent data is fine.
 */
export function checkData(
  value: unknown,
  path: string,
  violations: Violations,
  data: Data = {},
): Data {
  if (value === undefined || value === null) return data;
  readFields(value, path, violations, (key, field) => {
    if (key === 'idempotence_id' && isBlank(field)) {
      violations.push({
        path: `${path}.${key}`,
        message: 'must be a string that is not blank, or be left out',
      });
    } else if (key === 'order' && typeof field === 'object' && field !== null) {
      data[key] = checkOrder(field, `${path}.${key}`, violations);
    } else {
      copyScalar(data, key, field, path, violations);
    }
  });
  return data;
}

const isBlank = (value: unknown) =>
  typeof value !== 'string' || value.trim() === '';
