import { JsonWriter } from './json-writer.js';
import { TOO_LONG } from './length.js';
import { type Order, writeOrder } from './order.js';
import {
  type Fields,
  isOwn,
  readFields,
  type Violations,
} from './read-fields.js';
import { type Scalar, writeScalar } from './scalar.js';
import { isBlank } from './text.js';

/** Event data that was checked. */
export type Data = Readonly<Record<string, Scalar | Order>>;

/**
 * Writes the fields of event data and reports what is wrong. Absent data is fine.
 *
 * @returns the fields as they were read
 */
export function writeData(
  value: unknown,
  path: string,
  violations: Violations,
  json: JsonWriter,
): Readonly<Fields> {
  if (value === undefined || value === null) return {};
  const data = readFields(value, path, violations) ?? {};
  for (const name in data) {
    if (!isOwn(data, name)) continue;
    const field = data[name];
    if (name === 'order' && typeof field === 'object' && field !== null) {
      writeOrder(field, `${path}.order`, violations, json);
    } else if (name === 'idempotence_id' && isNoId(field)) {
      violations.push({
        path: `${path}.${name}`,
        message:
          'must be 1 to 128 printable ASCII characters and not blank, or be left out',
      });
    } else if (name === 'ts' && isInMilliseconds(field)) {
      violations.push({
        path: `${path}.${name}`,
        message:
          'must be in seconds since the epoch, not milliseconds; divide it by 1000',
      });
    } else {
      writeScalar(name, field, path, violations, json);
    }
  }
  return data;
}

const isNoId = (value: unknown) =>
  value !== undefined &&
  (typeof value !== 'string' ||
    isBlank(value) ||
    !/^[\x20-\x7e]{1,128}$/.test(value));

/** In seconds, this is beyond the year 5000. */
const isInMilliseconds = (value: unknown) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 1e11;

/** Copies event data and reports what is wrong. */
export function copyData(
  value: unknown,
  path: string,
  violations: Violations,
): Data {
  const json = new JsonWriter();
  json.begin();
  writeData(value, path, violations, json);
  const text = json.end();
  if (text !== undefined) return JSON.parse(text) as Data;
  violations.push({ path, message: TOO_LONG });
  return {};
}
