import { createServer, connect, type Server, type Socket } from 'node:net';

/** Stands between a client and a server, to cut the line and to restore it. */
export class TcpProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #mute = false;

  private constructor(target: URL) {
    this.#target = { host: target.hostname, port: Number(target.port) };
  }

  /** A proxy before the server of this URL, with the line in order. */
  static async before(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(url));
    await proxy.restore();
    return proxy;
  }

  /** The URL that leads through the proxy. */
  url(original: string): string {
    const url = new URL(original);
    url.hostname = '127.0.0.1';
    url.port = `${this.#port}`;
    return url.href;
  }

  /** Breaks every connection and refuses new ones. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise((resolve) => server?.close(resolve));
    this.#breakAll();
    if (server !== undefined) await closed;
  }

  /** Lets clients connect and send; nothing comes back, and nobody is told. */
  silence(): void {
    this.#mute = true;
  }

  /** Carries again. What was connected in silence is broken. */
  async restore(): Promise<void> {
    if (this.#mute) this.#breakAll();
    this.#mute = false;
    if (this.#server !== undefined) return;
    const server = createServer((client) => this.#carry(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address) this.#port = address.port;
  }

  #carry(client: Socket): void {
    const upstream = connect(this.#target);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('data', (bytes) => {
        if (!this.#mute) to.write(bytes);
      });
    }
  }

  #breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
