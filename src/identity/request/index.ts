import type { ExecutionContext } from '@nestjs/common';
import type { OdpRequest } from '../odp-request.js';
import { graphqlRequest } from './graphql-request.js';
import { httpRequest } from './http-request.js';
import { messageRequest } from './message-request.js';
import { socketRequest } from './socket-request.js';

export { graphqlContext } from './graphql-request.js';
export { httpRequest } from './http-request.js';

/**
 * The request behind a handler, as it is now. Never throws. It goes by the
 * shape of what Nest hands over, so no transport's package is imported.
 */
export function odpRequestOf(context: ExecutionContext): OdpRequest {
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
