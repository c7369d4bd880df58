import { randomUUID } from 'node:crypto';
import { isObject } from '../check.js';
import type { Customers } from '../state/customers.js';
import { accepted, type Answer, json, notFound } from './answer.js';
import { readBatch, type InvalidFaults } from './batch.js';
import type { OnInvalid } from '../options.js';

/** The fields that an object needs, by the start of the path it is posted to. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  consent: ['identifier_field_name', 'identifier_value', 'consent'],
  reachability: ['identifier_field_name', 'identifier_value', 'reachable'],
  identifiers: ['identifier_field_name', 'identifier_value', 'metadata'],
  objects: [],
  compliance: ['requester', 'identifier_field_name', 'identifier_value'],
};

const POSTED =
  /^\/v3\/(consent|reachability|identifiers|objects(?=\/[a-z])|compliance(?=\/(?:(?:gdpr|ccpa|lgpd)\/delete|ccpa\/optout)$))(?:\/[\w/]+)?$/;
const ASKED = /^\/v3\/(consent|reachability|identifiers)\/(\w+)$/;
const STATUS = /^\/v3\/compliance\/(?:gdpr|ccpa|lgpd)\/status\/[\w-]+$/;

/**
 * Consent, reachability and metadata of single identifiers, objects, and requests
 * under privacy laws; `undefined` for any other path.
 */
export function postRecords(
  path: string,
  body: unknown,
  customers: Customers,
  onInvalid: OnInvalid,
  faults: InvalidFaults | undefined,
): Answer | undefined {
  const [, kind] = POSTED.exec(path) ?? [];
  if (kind === undefined) return undefined;
  const required =
    path === '/v3/objects/products' ? ['product_id'] : REQUIRED[kind]!;
  const { answer, accepted: rows } = readBatch(
    body,
    (row) =>
      isObject(row) ? (missing(row, required) ?? row) : 'not an object',
    onInvalid,
    faults,
  );
  if (kind !== 'objects' && kind !== 'compliance') {
    for (const { value } of rows) customers.add({ kind, record: value });
  }
  if (kind !== 'compliance' || answer.status !== accepted().status) {
    return answer;
  }
  return json(202, { request_ids: rows.map(() => randomUUID()) });
}

/** The last record of an identifier; `undefined` for any other path. */
export function getRecord(
  path: string,
  query: URLSearchParams,
  customers: Customers,
): Answer | undefined {
  if (STATUS.test(path)) return json(200, 'COMPLETED');
  const [, kind, field] = ASKED.exec(path) ?? [];
  if (kind === undefined) return undefined;
  const identifier = {
    identifier_field_name: field,
    identifier_value: query.get('id'),
  };
  const record = customers
    .records(kind)
    .findLast(
      (one) =>
        one['identifier_field_name'] === field &&
        one['identifier_value'] === identifier.identifier_value,
    );
  if (record !== undefined) return json(200, record);
  // ODP's null for what nobody has said.
  if (kind === 'consent') return json(200, { ...identifier, consent: null });
  return notFound(`Nothing is known of this ${field}.`);
}

function missing(
  row: Record<string, unknown>,
  required: readonly string[],
): string | undefined {
  const field = required.find((name) => row[name] === undefined);
  return field && `missing '${field}' field`;
}
