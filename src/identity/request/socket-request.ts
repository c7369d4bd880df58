import type { OdpRequest, OdpUser } from '../odp-request.js';
import { httpRequest } from './http-request.js';
import { firstObject, read } from './read.js';

/**
 * A message of a WebSocket client. A socket.io client has its handshake; a `ws`
 * client has it only if the gateway's `handleConnection(client, request)` has kept
 * it as `client.request`.
 */
export function socketRequest(
  type: string,
  [client, data]: readonly unknown[],
): OdpRequest {
  const handshake = firstObject(
    read(client, 'handshake'),
    read(client, 'request'),
  );
  const http = httpRequest(type, handshake);
  return {
    ...http,
    user: (read(client, 'user') ??
      read(client, 'data', 'user') ??
      http.user ??
      read(client, 'request', 'user')) as OdpUser | undefined,
    body: data,
    raw: client,
  };
}
