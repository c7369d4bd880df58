import { OdpSegmentsError } from '../errors/index.js';
import { OdpCallError, type OdpCalls } from './odp-calls.js';

/** One customer, and the segments to ask for. */
export interface SegmentsQuery {
  /** The identifier's name: a GraphQL name. */
  readonly name: string;
  readonly value: string;
  /** Names of segments. */
  readonly segments: readonly string[];
  /** In ms. */
  readonly timeout: number;
  /** See `OdpCall`. */
  readonly aborter: AbortController;
}

const PATH = '/v3/graphql';
/** The official SDKs' marker of a customer whom ODP does not know. */
const UNKNOWN = 'INVALID_IDENTIFIER_EXCEPTION';

/**
 * Which of the segments the customer is qualified for.
 *
 * @returns `undefined` for a customer whom ODP does not know
 * @throws OdpSegmentsError
 */
export async function querySegments(
  calls: OdpCalls,
  { name, value, segments, timeout, aborter }: SegmentsQuery,
): Promise<readonly string[] | undefined> {
  // Values are passed as variables, so nothing in them can become part of the
  // query. The identifier's name is part of it, as each is its own argument.
  const query = `query($id: String, $segments: [String]) { customer(${name}: $id) { audiences(subset: $segments) { edges { node { name state } } } } }`;
  const variables = { id: value, segments };
  try {
    const { body } = await calls.call({
      kind: 'segments',
      method: 'POST',
      path: PATH,
      route: PATH,
      body: Buffer.from(JSON.stringify({ query, variables })),
      timeout,
      aborter,
      // A second one for when a kept-alive connection has just been closed.
      attempts: 2,
      idempotent: true,
      sent: () => [value],
    });
    return readSegments(body, segments);
  } catch (error) {
    throw segmentsError(error);
  }
}

/** What callers get for a call that failed: never ODP's own words. */
export const segmentsError = (error: unknown): unknown =>
  error instanceof OdpCallError
    ? new OdpSegmentsError({ status: error.status, reason: error.problem })
    : error;

interface Reply {
  readonly errors?:
    | readonly {
        readonly extensions?: {
          readonly code?: unknown;
          readonly classification?: unknown;
        };
      }[]
    | null;
  readonly data?: {
    readonly customer?: {
      readonly audiences?: {
        readonly edges?: readonly {
          readonly node?: { readonly name?: unknown; readonly state?: unknown };
        }[];
      };
    } | null;
  };
}

/** GraphQL errors come with a 200. Their messages may hold the identifier, so they are not passed on. */
function readSegments(
  body: unknown,
  asked: readonly string[],
): readonly string[] | undefined {
  try {
    const { errors: given, data } = body as Reply;
    const errors = given ?? [];
    if (errors.length > 0) {
      if (errors.some(({ extensions }) => extensions?.code === UNKNOWN)) {
        return undefined;
      }
      throw failed(`GraphQL answered ${kindOf(errors[0]?.extensions)}`);
    }
    if (data?.customer === null) return undefined;
    const qualified = new Set(
      data!
        .customer!.audiences!.edges!.map(({ node }) => node)
        // ODP lists members only; the SDKs check the state as well.
        .filter((node) => (node?.state ?? 'qualified') === 'qualified')
        .map((node) => node?.name),
    );
    return asked.filter((name) => qualified.has(name));
  } catch (error) {
    if (error instanceof OdpSegmentsError) throw error;
    throw failed('the answer could not be read');
  }
}

const failed = (reason: string) =>
  new OdpSegmentsError({ status: 200, reason });

function kindOf({
  code,
  classification,
}: { code?: unknown; classification?: unknown } = {}) {
  const kind = code ?? classification;
  return typeof kind === 'string' && /^\w{1,64}$/.test(kind)
    ? kind
    : 'with an error';
}
