import type * as Graphql from 'graphql';
import { isObject } from '../check.js';
import type { Customers, OdpSandboxCustomer } from '../state/customers.js';
import type { Segments } from '../state/segments.js';
import { type Answer, json, unparsable } from './answer.js';

/** The package `graphql`, if it is installed. */
type Package = typeof Graphql;

const TYPES = `
  type Customer { audiences(subset: [String]): AudienceConnection }
  type AudienceConnection { edges: [AudienceEdge] }
  type AudienceEdge { node: Audience }
  type Audience {
    name: String
    state: String
    description: String
    is_ready: Boolean
  }`;

/** `POST /v3/graphql`: the segments of a customer, and of the account. */
export class GraphqlEndpoint {
  readonly #customers: Customers;
  readonly #segments: Segments;
  #loading: Promise<void> | undefined;
  #package: Package | undefined;
  #schema: Graphql.GraphQLSchema | undefined;
  #schemaNames = '';

  constructor(customers: Customers, segments: Segments) {
    this.#customers = customers;
    this.#segments = segments;
  }

  /** Loads the package, which takes a while and is only needed here. */
  load(): Promise<void> {
    this.#loading ??= import('graphql').then(
      (loaded) => {
        this.#package = loaded;
      },
      () => undefined,
    );
    return this.#loading;
  }

  answer(body: unknown): Answer {
    if (this.#package === undefined) {
      return json(501, {
        message:
          'POST /v3/graphql needs the package graphql, which is not installed. ' +
          'Install it beside nestjs-optimizely-odp (npm install -D graphql), or ' +
          'start the sandbox with npx -p nestjs-optimizely-odp -p graphql odp-sandbox.',
      });
    }
    if (!isObject(body) || typeof body['query'] !== 'string') {
      return unparsable();
    }
    const variables = isObject(body['variables']) ? body['variables'] : {};
    return json(200, this.#run(this.#package, body['query'], variables));
  }

  #run(
    { parse, validate, executeSync, GraphQLError }: Package,
    query: string,
    variableValues: Record<string, unknown>,
  ): object {
    const schema = this.#schemaFor(this.#customers.identifierNames());
    let document: Graphql.DocumentNode;
    try {
      document = parse(query);
    } catch (error) {
      return failed('InvalidSyntax', [error as Graphql.GraphQLError]);
    }
    const errors = validate(schema, document);
    if (errors.length > 0) return failed('ValidationError', errors);
    return executeSync({
      schema,
      document,
      variableValues,
      rootValue: this.#root(GraphQLError),
    });
  }

  #root(GraphQLError: Package['GraphQLError']) {
    return {
      customer: (identifiers: Record<string, string>) => {
        const customer = this.#customers.find(identifiers);
        if (customer !== undefined) {
          return { audiences: audiencesOf(customer, this.#segments) };
        }
        // ODP's own words, the identifier's value included.
        const [name, value] = Object.entries(identifiers)[0] ?? ['', ''];
        throw new GraphQLError(
          `Exception while fetching data (/customer) : java.lang.RuntimeException: could not resolve _${name} = ${value}`,
          {
            extensions: {
              code: 'INVALID_IDENTIFIER_EXCEPTION',
              classification: 'DataFetchingException',
            },
          },
        );
      },
      audiences: () => ({
        edges: this.#segments
          .all()
          .map(({ name, description }) => ({ node: { name, description } })),
      }),
    };
  }

  /** Each identifier of the account is an argument of `customer`. */
  #schemaFor(identifiers: ReadonlySet<string>): Graphql.GraphQLSchema {
    const names = [...identifiers].filter((name) => /^[a-z]\w*$/i.test(name));
    const key = names.join();
    if (this.#schema === undefined || this.#schemaNames !== key) {
      const args = names.map((name) => `${name}: String`).join(', ');
      this.#schema = this.#package!.buildSchema(
        `type Query { customer(${args}): Customer audiences: AudienceConnection }${TYPES}`,
      );
      this.#schemaNames = key;
    }
    return this.#schema;
  }
}

/** ODP lists segments that the customer is in, and only those asked for. */
function audiencesOf(
  { segments, pinned }: OdpSandboxCustomer,
  known: Segments,
) {
  const descriptions = new Map(
    known.all().map(({ name, description }) => [name, description]),
  );
  return ({ subset }: { readonly subset?: readonly string[] | null }) => ({
    edges: Object.entries(segments)
      .filter(
        ([name, state]) => state === 'qualified' || Object.hasOwn(pinned, name),
      )
      .filter(([name]) => !subset || subset.includes(name))
      .map(([name, state]) => ({
        node: {
          name,
          state,
          description: descriptions.get(name),
          is_ready: true,
        },
      })),
  });
}

function failed(
  classification: string,
  errors: readonly Graphql.GraphQLError[],
): object {
  return {
    errors: errors.map(({ message, locations }) => ({
      message,
      locations,
      extensions: { classification },
    })),
  };
}
