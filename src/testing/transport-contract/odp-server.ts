import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a server treats a request whose body it has read. */
export type Behaviour = (
  response: ServerResponse,
  request: IncomingMessage,
) => void;

/** A request that a server got. */
export interface GotRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: Readonly<IncomingMessage['headers']>;
  readonly body: Buffer;
}

/** A real HTTP server on loopback that does as a case wants. */
export class OdpServer {
  /** What it got, in order. */
  readonly got: GotRequest[] = [];
  readonly #server: Server;

  private constructor(behaviour: Behaviour) {
    this.#server = createServer((request, response) => {
      void this.#take(request, response, behaviour);
    });
  }

  static async start(behaviour: Behaviour): Promise<OdpServer> {
    const server = new OdpServer(behaviour);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/v3/events`;
  }

  /** Resolves when a request has come in whole. */
  async request(): Promise<void> {
    if (this.got.length === 0) await once(this.#server, 'got');
  }

  /** Breaks off whatever is open and frees the port. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    behaviour: Behaviour,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // The client broke it off.
    }
    const { method, url: path, headers } = request;
    this.got.push({ method, path, headers, body: Buffer.concat(chunks) });
    this.#server.emit('got');
    behaviour(response, request);
  }
}
