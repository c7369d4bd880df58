import { isObject } from '../check.js';
import type { Customers } from '../state/customers.js';
import { type Answer, badRequest, json, notFound } from './answer.js';

/** Reads one object of `POST /v3/profiles`; identifiers are among the attributes. */
export function readAttributes(
  value: unknown,
  identifiers: ReadonlySet<string>,
): Readonly<Record<string, unknown>> | string {
  const attributes = isObject(value) ? value['attributes'] : undefined;
  if (!isObject(attributes)) return "missing 'attributes' field";
  const isIdentified = Object.entries(attributes).some(
    ([name, one]) =>
      identifiers.has(name) && typeof one === 'string' && one.trim() !== '',
  );
  return isIdentified ? attributes : 'missing identifier';
}

/** `GET /v3/profiles?{identifier}={value}`: ODP's spec answers 202 here too. */
export function answerProfile(
  query: URLSearchParams,
  customers: Customers,
): Answer {
  const [identifier, ...others] = [...query];
  if (identifier === undefined || others.length > 0) {
    return badRequest('Give exactly one identifier as the query.');
  }
  const [name, value] = identifier;
  const customer = customers.find({ [name]: value });
  if (customer === undefined) return notFound('No such customer.');
  const identifiers = Object.entries(customer.identifiers).map(
    ([key, values]) => [key, values.at(-1)],
  );
  return json(202, {
    attributes: {
      ...Object.fromEntries(identifiers),
      ...customer.attributes,
    },
  });
}
