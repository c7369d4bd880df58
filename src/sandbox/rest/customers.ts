import type { Customers } from '../state/customers.js';
import { json } from '../wire/answer.js';
import { found, type Routes } from './route.js';

/** The customers behind what was accepted. */
export function customerRoutes(customers: Customers): Routes {
  return {
    'GET customers': () => json(200, { customers: customers.all() }),
    'GET customer': ({ query }) =>
      found(customers.find(Object.fromEntries(query))),
  };
}
