import type { Customers } from '../state/customers.js';
import {
  accepted,
  type Answer,
  badRequest,
  json,
  notFound,
  unparsable,
} from './answer.js';
import { asObjects, isObject, MAX_OBJECTS, tooMany } from './events.js';

/** `POST /v3/profiles`: an array of `{ attributes }`, or one. */
export function writeProfiles(
  body: unknown,
  bytes: number,
  customers: Customers,
): Answer {
  const profiles = asObjects(body);
  if (profiles === undefined) return unparsable();
  if (profiles.length > MAX_OBJECTS) return tooMany(profiles.length);
  const attributes = profiles.map((one) =>
    isObject(one) && isObject(one['attributes'])
      ? one['attributes']
      : undefined,
  );
  if (!attributes.every((one) => one !== undefined)) return unparsable();
  for (const one of attributes) {
    customers.addProfile(one, bytes / attributes.length);
  }
  return accepted();
}

/** `GET /v3/profiles?{identifier}={value}`: ODP's spec answers 202 here too. */
export function readProfile(
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
