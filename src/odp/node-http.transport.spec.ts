import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { NodeHttpTransport } from './node-http.transport.js';
import { OdpTransportError } from './transport.js';

// What every transport does is in test/entry/transport-contract.spec.ts.

const KEY = 'W4WzcEs-S3CR3T-KEY';

async function serve(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
  host = '127.0.0.1',
) {
  const sockets: Socket[] = [];
  const bodies: Buffer[] = [];
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      bodies.push(Buffer.concat(chunks));
      requests.push(request);
      answer(response, request);
    })();
  });
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
  });
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${name}:${port}/v3/x`, sockets, bodies, requests };
}

const requestTo = (
  url: string,
  {
    body = '[{"a":"ü"}]',
    method = 'POST',
    answerBytes,
    signal = new AbortController().signal,
  }: {
    body?: string;
    method?: string;
    answerBytes?: number;
    signal?: AbortSignal;
  } = {},
) => ({
  account: 'default',
  method,
  url,
  headers: { 'x-api-key': KEY },
  body: Buffer.from(body),
  signal,
  answerBytes,
});

const failureOf = async (sending: Promise<unknown>): Promise<string> => {
  const error: unknown = await sending.then(
    () => expect.fail('it was answered'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OdpTransportError);
  expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(
    KEY,
  );
  return (error as OdpTransportError).reason;
};

describe('a request', () => {
  it.each([
    ['GET', ''],
    ['POST', '[{"a":"ü😀"}]'],
    ['PUT', `"${'ü'.repeat(300_000)}"`],
  ])('%s goes as it is', async (method, body) => {
    const server = await serve((response) => response.writeHead(202).end());
    await new NodeHttpTransport().send(
      requestTo(`${server.url}?q=a%20b`, { method, body }),
    );
    expect(server.requests[0]).toMatchObject({ method, url: '/v3/x?q=a%20b' });
    expect(server.requests[0]?.headers).toMatchObject({
      'x-api-key': KEY,
      'accept-encoding': 'identity',
    });
    expect(server.bodies[0]?.toString()).toBe(body);
  });

  it('shares one connection with those before it', async () => {
    const server = await serve((response) => response.writeHead(202).end('{}'));
    const transport = new NodeHttpTransport();
    for (let n = 0; n < 3; n++) await transport.send(requestTo(server.url));
    expect(server.sockets).toHaveLength(1);
  });

  it('finds an IPv6 host', async () => {
    const server = await serve(
      (response) => response.writeHead(202).end(),
      '::1',
    );
    expect(
      (await new NodeHttpTransport().send(requestTo(server.url))).status,
    ).toBe(202);
  });
});

describe('an answer whose body was asked for', () => {
  it('is read to its bound, and its connection ends', async () => {
    const server = await serve((response) => {
      response.writeHead(200);
      const flood = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', flood);
      flood();
    });
    const { body } = await new NodeHttpTransport().send(
      requestTo(server.url, { answerBytes: 100_000 }),
    );
    expect(body).toHaveLength(100_000);
    await vi.waitFor(() => expect(server.sockets[0]?.destroyed).toBe(true));
  });

  it('is none if it breaks off', async () => {
    const server = await serve((response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{', () => response.destroy());
    });
    expect(
      await failureOf(
        new NodeHttpTransport().send(
          requestTo(server.url, { answerBytes: 100 }),
        ),
      ),
    ).toBe('ECONNRESET');
  });

  it('fails when it is aborted on the way', async () => {
    const aborter = new AbortController();
    const server = await serve((response) => {
      response.writeHead(200);
      response.write('{', () => aborter.abort());
    });
    expect(
      await failureOf(
        new NodeHttpTransport().send(
          requestTo(server.url, { answerBytes: 100, signal: aborter.signal }),
        ),
      ),
    ).toBe('aborted');
  });
});

it('an answer whose status says enough is not held up by a body without an end', async () => {
  const clock = new ManualClock();
  const server = await serve((response) => {
    response.writeHead(202);
    response.write('{"a":');
    void clock.advance(1000);
  });
  const { status, body } = await new NodeHttpTransport(clock).send(
    requestTo(server.url),
  );
  expect(status).toBe(202);
  expect(['', '{"a":']).toContain(body);
});

it('no answer is reported by its code', async () => {
  const server = await serve((_, request) => request.socket.resetAndDestroy());
  const transport = new NodeHttpTransport();
  expect(await failureOf(transport.send(requestTo(server.url)))).toBe(
    'ECONNRESET',
  );
  expect(
    await failureOf(transport.send(requestTo('http://127.0.0.1:1/v3/x'))),
  ).toBe('ECONNREFUSED');
});
