import type { OdpRequest, OdpUser } from '../odp-request.js';
import { httpRequest } from './http-request.js';
import { firstObject, read } from './read.js';

/** The context of a GraphQL operation: reference resolvers get no field arguments, so it moves. */
export function graphqlContext(args: readonly unknown[]): unknown {
  return args[args.length === 3 ? 1 : 2];
}

/**
 * The HTTP request, or the upgrade request of a subscription, behind a resolver.
 * Where it stands depends on the driver and on the app's `context` function.
 */
export function graphqlRequest(
  type: string,
  args: readonly unknown[],
): OdpRequest {
  const context = graphqlContext(args);
  const request = firstObject(
    // graphql-ws under Apollo: Nest takes the connection's context for the request
    read(context, 'req', 'extra', 'request'),
    read(context, 'req'),
    read(context, 'request'),
    read(context, 'extra', 'request'),
    // Mercurius
    read(context, 'reply', 'request'),
  );
  const http = httpRequest(type, request);
  return {
    ...http,
    // A guard has what it gets from the context, so it may put the user there.
    user:
      http.user ??
      ((read(context, 'req', 'user') ?? read(context, 'user')) as
        OdpUser | undefined),
    body: args.length === 3 ? undefined : args[1],
  };
}
