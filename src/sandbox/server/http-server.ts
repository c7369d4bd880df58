import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { OdpSandboxError } from '../errors.js';
import { isLoopback } from './guards.js';

export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

/** A listening server. */
export interface Listening {
  readonly url: string;
  readonly isLoopback: boolean;
  /** Breaks every connection and resolves once the port is free. */
  close(): Promise<void>;
}

/**
 * Binds the port, then makes the handler; requests wait for it meanwhile.
 *
 * @throws OdpSandboxError `portTaken`, and whatever `makeHandler` rejects with
 */
export async function listen(
  port: number,
  host: string,
  makeHandler: (listening: Listening) => Promise<Handler>,
): Promise<Listening> {
  const server = createServer();
  // Only the client closes idle connections: closed here, they would reset a
  // request that is just being sent.
  server.keepAliveTimeout = 0;
  await bind(server, port, host);
  const listening = describe(server);
  const ready = makeHandler(listening);
  server.on('request', (request, response) => {
    ready
      .then((handle) => handle(request, response))
      // Nothing rejects but a client that broke off.
      .catch(() => response.destroy());
  });
  try {
    await ready;
    return listening;
  } catch (error) {
    await listening.close();
    throw error;
  }
}

function bind(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      reject(
        isTaken
          ? new OdpSandboxError(
              'portTaken',
              `Port ${port} on ${host} is taken. Choose another, or 0 for any free one.`,
              { cause: error },
            )
          : error,
      );
    });
    server.listen(port, host, resolve);
  });
}

function describe(server: Server): Listening {
  const { address, family, port } = server.address() as AddressInfo;
  const isAny = address === '0.0.0.0' || address === '::';
  const bracketed = family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `http://${isAny ? '127.0.0.1' : bracketed}:${port}`,
    isLoopback: isLoopback(address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
