import type { ExecutionContext } from '@nestjs/common';
import type { OdpRequest, OdpUser } from '../odp-request.js';
import { graphqlRequest, graphqlUser } from './graphql-request.js';
import { httpRequest } from './http-request.js';
import { messageRequest, messageUser } from './message-request.js';
import { read } from './read.js';
import { socketRequest, socketUser } from './socket-request.js';

export { graphqlContext } from './graphql-request.js';
export { httpRequest } from './http-request.js';

/**
 * The request behind a handler, as it is now. Never throws. It relies on the shape
 * of what Nest passes, so that no transport's package has to be imported.
 *
 * @param before the user when the handler started, since a logout removes it
 */
export function odpRequestOf(
  context: ExecutionContext,
  before?: OdpUser,
): OdpRequest {
  const request = requestOf(context);
  return before === undefined || (request.user ?? undefined) !== undefined
    ? request
    : { ...request, user: before };
}

/** The user that guards have put on the request, as it is now; cheap. */
export function userOf(context: ExecutionContext): OdpUser | undefined {
  const user = findUser(
    context.getType<string>(),
    context.getArgs<unknown[]>(),
  );
  return typeof user === 'object' && user !== null
    ? (user as OdpUser)
    : undefined;
}

function findUser(type: string, args: readonly unknown[]): unknown {
  switch (type) {
    case 'http':
      return read(args[0], 'user');
    case 'graphql':
      return graphqlUser(args);
    case 'ws':
      return socketUser(args);
    default:
      return messageUser(args);
  }
}

function requestOf(context: ExecutionContext): OdpRequest {
  const type = context.getType<string>();
  const args = context.getArgs<unknown[]>();
  switch (type) {
    case 'http':
      return httpRequest(type, args[0]);
    case 'graphql':
      return graphqlRequest(type, args);
    case 'ws':
      return socketRequest(type, args);
    default:
      return messageRequest(type, args);
  }
}
