import type { RecordedOdpAnswer } from './recorded.js';

/** A request to ODP other than those of events: segments, customers, or `odp.api`. */
export interface RecordedOdpCall {
  /** The name of the account that asked, `default` unless the module was given one. */
  readonly account: string;
  readonly method: string;
  /** Without the query, such as `/v3/graphql`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The JSON value; `undefined` if there was none. */
  readonly body: unknown;
}

/** Answers a call, like an `OdpResponder`; if it returns nothing, the answer is ODP's usual one. */
export type OdpCallResponder = (
  call: RecordedOdpCall,
) =>
  | number
  | RecordedOdpAnswer
  | void
  | Promise<number | RecordedOdpAnswer | void>;

type Identifiers = Readonly<Record<string, string | null | undefined>>;
type Attributes = Readonly<Record<string, unknown>>;

interface Known {
  readonly identifiers: Identifiers;
  readonly segments?: readonly string[];
  readonly attributes?: Attributes;
}

const UNKNOWN_CUSTOMER = {
  data: { customer: null },
  errors: [
    {
      message: 'could not resolve the customer',
      extensions: {
        code: 'INVALID_IDENTIFIER_EXCEPTION',
        classification: 'DataFetchingException',
      },
    },
  ],
};

/** The customers that a test has set, and ODP's answers about them. */
export class RecordedCustomers {
  /** The last one set counts. */
  readonly #known: Known[] = [];

  add(known: Known): void {
    this.#known.push(known);
  }

  /** What ODP would answer. */
  answer(call: RecordedOdpCall): RecordedOdpAnswer | undefined {
    const { method, path, query, body } = call;
    if (path === '/v3/graphql')
      return { status: 200, body: this.#graphql(body) };
    if (path !== '/v3/profiles') return undefined;
    if (method === 'POST') {
      for (const { attributes } of body as { attributes: Attributes }[]) {
        this.add({
          identifiers: attributes as Identifiers,
          attributes,
        });
      }
      return undefined;
    }
    const [[name, value] = ['', '']] = Object.entries(query);
    const attributes = this.#of(name, value).map((one) => ({
      ...one.identifiers,
      ...one.attributes,
    }));
    return attributes.length === 0
      ? { status: 404, body: { detail: { message: 'No such customer.' } } }
      : {
          body: { attributes: Object.assign({}, ...attributes) as Attributes },
        };
  }

  /** Reads the one query that `fetchQualifiedSegments` makes. */
  #graphql(body: unknown): object {
    const { query, variables } = body as {
      query: string;
      variables?: { id?: string; segments?: readonly string[] };
    };
    const [, name = ''] = /customer\((\w+):/.exec(query) ?? [];
    const known = this.#of(name, variables?.id ?? '');
    if (known.length === 0) return UNKNOWN_CUSTOMER;
    const qualified =
      known.findLast(({ segments }) => segments)?.segments ?? [];
    const edges = (variables?.segments ?? qualified)
      .filter((segment) => qualified.includes(segment))
      .map((segment) => ({ node: { name: segment, state: 'qualified' } }));
    return { data: { customer: { audiences: { edges } } } };
  }

  #of(name: string, value: string): Known[] {
    return this.#known.filter(({ identifiers }) => {
      const known = identifiers[name];
      return (
        typeof known === 'string' && same(name, known) === same(name, value)
      );
    });
  }
}

/** ODP knows the web tag's vuid without hyphens. */
const same = (name: string, value: string) =>
  name === 'vuid' ? value.replaceAll('-', '') : value;
