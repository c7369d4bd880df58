import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  connect,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { temporaryFolder } from './stores.js';

/** An ODP that is far away: reached over TLS, with so long a way there and back. */
export interface FarOdp {
  readonly url: string;
  /** For `NODE_EXTRA_CA_CERTS`. */
  readonly certificate: string;
  close(): Promise<void>;
}

/** Puts TLS and a distance before an HTTP server; needs `openssl`. */
export async function farFrom(
  url: string,
  { roundTrip }: { readonly roundTrip: number },
): Promise<FarOdp> {
  const folder = await temporaryFolder();
  const key = join(folder.path, 'key.pem');
  const certificate = join(folder.path, 'certificate.pem');
  const command =
    'req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 ' +
    '-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1';
  execFileSync(
    'openssl',
    [...command.split(' '), '-keyout', key, '-out', certificate],
    { stdio: 'ignore' },
  );
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
  };
  const { hostname, port } = new URL(url);
  const terminator = createTlsServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (client) => {
      const upstream = connect(Number(port), hostname);
      for (const socket of [client, upstream]) track(socket);
      carry(client, upstream, 0);
      carry(upstream, client, 0);
    },
  );
  terminator.on('tlsClientError', () => {});
  const terminatorPort = await listen(terminator);
  const line = createServer((client) => {
    const upstream = connect(terminatorPort, '127.0.0.1');
    for (const socket of [client, upstream]) track(socket);
    // The first bytes come after TCP's own round trip.
    carry(client, upstream, roundTrip / 2, Date.now() + roundTrip);
    carry(upstream, client, roundTrip / 2);
  });
  const farPort = await listen(line);
  return {
    url: `https://localhost:${farPort}`,
    certificate,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed(line), closed(terminator)]);
      await folder.remove();
    },
  };
}

/** Carries bytes one way, each so many ms later. */
function carry(from: Socket, to: Socket, delay: number, notBefore = 0): void {
  const later = (work: () => void) => {
    const wait = Math.max(delay, notBefore - Date.now() + delay);
    if (wait === 0) work();
    else setTimeout(work, wait);
  };
  from.on('data', (bytes) => later(() => to.write(bytes)));
  from.on('error', () => to.destroy());
  to.on('error', () => from.destroy());
  from.on('close', () => later(() => to.destroy()));
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

const closed = (server: Server) =>
  new Promise((resolve) => server.close(resolve));
