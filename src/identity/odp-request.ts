/**
 * The user that a guard has put on the request. Add your own claims to it:
 * `declare module 'nestjs-optimizely-odp' { interface OdpUser { accountId: string } }`
 */
export interface OdpUser {
  readonly [claim: string]: unknown;
}

/** The request behind a handler, the same for every kind of handler. */
export interface OdpRequest {
  /** `http`, `graphql`, `rpc`, `ws`, or the type of another execution context. */
  readonly type: string;
  /** The HTTP method, such as `POST`; `undefined` for messages. For a WebSocket client, that of its handshake. */
  readonly method: string | undefined;
  /** The path of the URL, without the query string; `undefined` for messages. For a WebSocket client, that of its handshake. */
  readonly path: string | undefined;
  /** Headers by lower-case name; for a WebSocket client, those of its handshake; empty if there are none. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Cookies by name, from the `cookie` header if no cookie parser ran. */
  readonly cookies: Readonly<Record<string, string>>;
  /**
   * What a guard put on the request (or the WebSocket client), if anything. It is
   * still there if the handler has removed it, as a logout does.
   */
  readonly user: OdpUser | undefined;
  /** Route parameters, by name. */
  readonly params: Readonly<Record<string, string>>;
  /** The parsed query string. */
  readonly query: Readonly<Record<string, unknown>>;
  /** The parsed body; the payload of a message; the arguments of a GraphQL field. */
  readonly body: unknown;
  /** What Nest calls the request: Express' or Fastify's, the context of a message, the WebSocket client. */
  readonly raw: unknown;
}

/**
 * Says who is calling. It runs only when an event is sent, so guards have already
 * put the user on the request. Return `undefined` for nobody. Values other than
 * strings, `null` and `undefined` make an event invalid. It must not be async.
 */
export type OdpIdentity = (
  request: OdpRequest,
) => (object & { readonly then?: never }) | undefined;
