import type { OdpRequest, OdpUser } from '../odp-request.js';
import { httpRequest } from './http-request.js';
import { firstObject, read } from './read.js';

/**
 * A socket.io client has its handshake; a `ws`
 * client has it only if the gateway's `handleConnection(client, request)` has kept
 * it as `client.request`.
 */
const handshakeOf = (client: unknown): object | undefined =>
  firstObject(read(client, 'handshake'), read(client, 'request'));

export const socketUser = ([client]: readonly unknown[]): unknown =>
  read(client, 'user') ??
  read(client, 'data', 'user') ??
  read(handshakeOf(client), 'user') ??
  read(client, 'request', 'user');

/** A message of a WebSocket client. */
export function socketRequest(
  type: string,
  args: readonly unknown[],
): OdpRequest {
  const [client, data] = args;
  return {
    ...httpRequest(type, handshakeOf(client)),
    user: socketUser(args) as OdpUser | undefined,
    body: data,
    raw: client,
  };
}
