import type { OdpRequest, OdpUser } from '../odp-request.js';
import { httpRequest } from './http-request.js';
import { firstObject, read } from './read.js';

/** The context of a GraphQL operation. Its index differs: reference resolvers get no field arguments. */
export function graphqlContext(args: readonly unknown[]): unknown {
  return args[args.length === 3 ? 1 : 2];
}

/**
 * The HTTP request, or the upgrade request of a subscription, behind a resolver.
 * Where it is depends on the driver and on the app's `context` function.
 */
function requestIn(context: unknown): object | undefined {
  return firstObject(
    // graphql-ws under Apollo: Nest passes the connection's context as the request
    read(context, 'req', 'extra', 'request'),
    read(context, 'req'),
    read(context, 'request'),
    read(context, 'extra', 'request'),
    // Mercurius
    read(context, 'reply', 'request'),
  );
}

/** A guard gets the context, so it may have put the user there. */
export function graphqlUser(args: readonly unknown[]): unknown {
  const context = graphqlContext(args);
  return (
    read(requestIn(context), 'user') ??
    read(context, 'req', 'user') ??
    read(context, 'user')
  );
}

export function graphqlRequest(
  type: string,
  args: readonly unknown[],
): OdpRequest {
  return {
    ...httpRequest(type, requestIn(graphqlContext(args))),
    user: graphqlUser(args) as OdpUser | undefined,
    body: args.length === 3 ? undefined : args[1],
  };
}
