import { isObject } from '../check.js';
import type { Customers } from '../state/customers.js';
import { identifies } from '../state/stitcher.js';
import {
  type Answer,
  badRequest,
  json,
  notFound,
  unparsable,
} from './answer.js';

/** One object of `POST /v3/lists/subscriptions`. */
export interface Subscription {
  readonly list: string;
  readonly identifiers: Readonly<Record<string, string>>;
  readonly subscribed: boolean;
}

/** `POST /v3/lists`: makes a list; the id that its name gives it is ours. */
export function createList(body: unknown, customers: Customers): Answer {
  if (!isObject(body)) return unparsable();
  const { name } = body;
  if (!identifies(name)) return badRequest("missing 'name' field");
  const id = name.trim().toLowerCase().replace(/\W+/g, '_');
  if (customers.lists().some((list) => list.list_id === id)) {
    return badRequest(`There is a list ${id} already.`);
  }
  customers.add({ list: { list_id: id, name, created_at: now() } });
  return json(202, { created: { list_id: id, name } });
}

/** `GET /v3/lists`; ODP's spec answers 202 here too. */
export function answerLists(customers: Customers): Answer {
  return json(202, { lists: customers.lists() });
}

/** Reads one object of `POST /v3/lists/subscriptions`. */
export function readSubscription(value: unknown): Subscription | string {
  if (!isObject(value)) return "missing 'list_id' field";
  const { list_id: list, subscribed, ...rest } = value;
  if (!identifies(list)) return "missing 'list_id' field";
  if (typeof subscribed !== 'boolean') return "missing 'subscribed' field";
  const identifiers = Object.fromEntries(
    Object.entries(rest).filter((entry): entry is [string, string] =>
      identifies(entry[1]),
    ),
  );
  if (Object.keys(identifiers).length === 0) return 'missing identifier';
  return { list, identifiers, subscribed };
}

/** Subscribes customers, or ends that. */
export function subscribe(
  subscriptions: readonly Subscription[],
  customers: Customers,
): Answer {
  for (const { list, identifiers, subscribed } of subscriptions) {
    customers.add({
      identifiers,
      subscription: { list, subscribed, updatedAt: now() },
    });
  }
  return json(202, {
    updates: subscriptions.map(({ list, identifiers, subscribed }) => ({
      list_id: list,
      ...identifiers,
      subscribed,
    })),
  });
}

/** `GET /v3/lists/subscriptions?{identifier}={value}`. */
export function answerSubscriptions(
  query: URLSearchParams,
  customers: Customers,
): Answer {
  const identifiers = Object.fromEntries(query);
  const customer = customers.find(identifiers);
  if (customer === undefined) {
    return notFound(`No customer ${Object.values(identifiers).join()}.`);
  }
  const names = new Map(
    customers.lists().map(({ list_id: id, name }) => [id, name]),
  );
  return json(202, {
    customer: identifiers,
    opted_in: true,
    explicit_opt_in: false,
    subscriptions: Object.entries(customer.lists).map(
      ([id, { subscribed, updatedAt }]) => ({
        name: names.get(id) ?? id,
        list_id: id,
        subscribed,
        ts_status_updated: updatedAt,
      }),
    ),
  });
}

function now(): string {
  return new Date().toISOString();
}
