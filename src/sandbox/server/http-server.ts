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
  /** Breaks every connection off and resolves once the port is free. */
  close(): Promise<void>;
}

/** @throws OdpSandboxError `portTaken` */
export async function listen(
  port: number,
  host: string,
  handler: (listening: Listening) => Handler,
): Promise<Listening> {
  const server = createServer();
  // Idle connections are the client's to close: ended here, they would reset
  // a request that is just being sent on them.
  server.keepAliveTimeout = 0;
  await bind(server, port, host);
  const listening = describe(server);
  const handle = handler(listening);
  server.on('request', (request, response) => {
    // A client that broke off, and nothing else, rejects.
    handle(request, response).catch(() => response.destroy());
  });
  return listening;
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
