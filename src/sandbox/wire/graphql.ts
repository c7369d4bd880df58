import type { Customers, OdpSandboxCustomer } from '../state/customers.js';
import { type Answer, badRequest, json, unparsable } from './answer.js';
import { isObject } from './events.js';

// The one query that ODP's SDKs send:
// query($userId: String, $audiences: [String]) {
//   customer(fs_user_id: $userId) {
//     audiences(subset: $audiences) { edges { node { name state } } }
//   }
// }
const STRING = String.raw`"(?:[^"\\\n]|\\.)*"`;
const CUSTOMER = new RegExp(
  String.raw`\bcustomer\s*\(\s*(\w+)\s*:\s*(\$\w+|${STRING})\s*\)`,
);
const SUBSET = new RegExp(
  String.raw`\baudiences\s*\(\s*subset\s*:\s*(\$\w+|\[(?:[\s,]|${STRING})*\])`,
);
const AUDIENCES = /\baudiences\b/;

/** `POST /v3/graphql`, as far as a customer's audiences go. */
export function answerQuery(body: unknown, customers: Customers): Answer {
  if (!isObject(body) || typeof body['query'] !== 'string') return unparsable();
  const query = body['query'];
  const variables = isObject(body['variables']) ? body['variables'] : {};
  const asked = CUSTOMER.exec(query);
  if (asked === null || !AUDIENCES.test(query)) {
    return badRequest(
      'The sandbox knows one query: customer(<identifier>: …) { audiences(subset: …) { edges { node { name state } } } }.',
    );
  }
  const identifier = asked[1]!;
  const value = valueOf(asked[2]!, variables);
  const customer = customers.find({ [identifier]: value });
  if (customer === undefined) return json(200, unknownCustomer(identifier));
  const subset = SUBSET.exec(query)?.[1];
  return json(200, {
    data: {
      customer: {
        audiences: {
          edges: edgesOf(customer, subset && valueOf(subset, variables)),
        },
      },
    },
  });
}

function edgesOf(customer: OdpSandboxCustomer, subset: unknown) {
  return Object.entries(customer.audiences)
    .filter(([name]) => !Array.isArray(subset) || subset.includes(name))
    .map(([name, state]) => ({ node: { name, state } }));
}

/** A variable's value, or the literal's; GraphQL's strings and lists are JSON's here. */
function valueOf(
  written: string,
  variables: Readonly<Record<string, unknown>>,
): unknown {
  if (written.startsWith('$')) return variables[written.slice(1)];
  try {
    return JSON.parse(written) as unknown;
  } catch {
    return undefined;
  }
}

function unknownCustomer(identifier: string) {
  return {
    errors: [
      {
        message: `Exception while fetching data (/customer) : could not resolve ${identifier}`,
        path: ['customer'],
        extensions: {
          code: 'INVALID_IDENTIFIER_EXCEPTION',
          classification: 'DataFetchingException',
        },
      },
    ],
    data: { customer: null },
  };
}
