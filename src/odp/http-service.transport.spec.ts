import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { HttpService } from '@nestjs/axios';
import {
  create,
  type AxiosInstance,
  type AxiosRequestConfig,
  type CreateAxiosDefaults,
} from 'axios';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpServiceTransport } from './http-service.transport.js';
import { OdpTransportError } from './transport.js';

const KEY = 'W4WzcEs-S3CR3T-KEY';
const BOUND = 256 * 1024;

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Listening {
  readonly url: string;
  readonly requests: {
    readonly headers: IncomingMessage['headers'];
    readonly body: string;
    readonly path: string | undefined;
  }[];
  readonly sockets: Socket[];
  readonly server: Server;
}

/** A real HTTP server; requests are read whole before they are answered. */
async function serve(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<Listening> {
  const requests: Listening['requests'] = [];
  const sockets: Socket[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      requests.push({
        headers: request.headers,
        path: request.url,
        body: Buffer.concat(chunks).toString(),
      });
      answer(response, request);
    })();
  });
  server.on('connection', (socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, sockets, server };
}

/** The connection ended, well or badly. */
const closed = ({ sockets: [socket] }: Listening) =>
  new Promise<void>((resolve) => {
    if (socket?.destroyed !== false) resolve();
    else socket.on('close', () => resolve());
  });

/** A transport on an axios instance of the app. */
function transportOf(
  defaults: CreateAxiosDefaults = {},
  customise: (instance: AxiosInstance) => void = () => {},
): HttpServiceTransport {
  const instance = create(defaults);
  customise(instance);
  return new HttpServiceTransport(new HttpService(instance));
}

const requestTo = (
  { url }: Pick<Listening, 'url'>,
  { body = '[{"a":"ü"}]', signal = new AbortController().signal } = {},
) => ({
  url: `${url}/v3/events`,
  account: 'default',
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-api-key': KEY },
  body: Buffer.from(body),
  signal,
});

/** The reason of the failure; whatever else it is made of must not hold the key. */
async function reasonOf(sending: Promise<unknown>): Promise<string> {
  const error: unknown = await sending.then(
    () => expect.fail('it was answered'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OdpTransportError);
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(KEY);
  return (error as OdpTransportError).reason;
}

const json = (response: ServerResponse, status: number, body: unknown) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

describe('a request', () => {
  it('arrives as it was given', async () => {
    const odp = await serve((response) => json(response, 202, {}));
    await transportOf().send(requestTo(odp));
    expect(odp.requests).toEqual([
      {
        path: '/v3/events',
        body: '[{"a":"ü"}]',
        headers: expect.objectContaining({
          'content-type': 'application/json',
          'x-api-key': KEY,
          'content-length': '12',
        }) as unknown,
      },
    ]);
  });

  it('may be of any size', async () => {
    const odp = await serve((response) => json(response, 202, {}));
    const body = `["${'x'.repeat(12 * 1024 * 1024)}"]`;
    await transportOf({ maxBodyLength: 10 }).send(requestTo(odp, { body }));
    expect(odp.requests[0]?.body.length).toBe(body.length);
  });

  it('shares one connection with those before it', async () => {
    const odp = await serve((response) => json(response, 202, { status: 202 }));
    const transport = transportOf();
    for (let i = 0; i < 20; i++) await transport.send(requestTo(odp));
    expect(odp.requests).toHaveLength(20);
    expect(odp.sockets).toHaveLength(1);
  });
});

describe('an answer', () => {
  it.each([200, 202, 204, 400, 401, 403, 404, 413, 429, 500, 503])(
    'resolves, also with %i',
    async (status) => {
      const odp = await serve((response) => {
        response.writeHead(status, {
          'Retry-After': '7',
          'X-Other': ['a', 'b'],
        });
        response.end(status === 204 ? undefined : '{"a":1}');
      });
      const answer = await transportOf().send(requestTo(odp));
      expect(answer).toMatchObject({
        status,
        headers: { 'retry-after': '7', 'x-other': 'a, b' },
        body: status === 204 ? '' : '{"a":1}',
      });
    },
  );

  it.each([
    ['no JSON', 'text/html', '<html>Bad gateway</html>'],
    ['half of it', 'application/json', '{"a":'],
    ['nothing', 'application/json', ''],
  ])('may hold %s', async (_what, type, body) => {
    const odp = await serve((response) => {
      response.writeHead(502, { 'content-type': type });
      response.end(body);
    });
    expect(await transportOf().send(requestTo(odp))).toMatchObject({
      status: 502,
      body,
    });
  });

  it('may be compressed', async () => {
    const odp = await serve((response) => {
      response.writeHead(400, { 'content-encoding': 'gzip' });
      response.end(gzipSync('{"detail":{"invalids":[]}}'));
    });
    expect(await transportOf().send(requestTo(odp))).toMatchObject({
      status: 400,
      body: '{"detail":{"invalids":[]}}',
    });
  });

  it.each([
    [
      'endless',
      (response: ServerResponse) => {
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
        };
        response.writeHead(400);
        response.on('drain', more);
        more();
      },
    ],
    [
      'a bomb',
      (response: ServerResponse) => {
        response.writeHead(400, { 'content-encoding': 'gzip' });
        response.write(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
      },
    ],
  ])(
    'that is %s is read to a bound, and its connection closed',
    async (_what, answer) => {
      const odp = await serve(answer);
      const { status, body } = await transportOf().send(requestTo(odp));
      expect(status).toBe(400);
      expect(body).toHaveLength(BOUND);
      await closed(odp);
    },
  );

  it('without an end fails when it is aborted', async () => {
    const controller = new AbortController();
    const odp = await serve((response) => {
      response.writeHead(400);
      response.write('{', () => controller.abort());
    });
    expect(
      await reasonOf(
        transportOf().send(requestTo(odp, { signal: controller.signal })),
      ),
    ).toBe('ERR_CANCELED');
  });

  it.each([200, 202, 302, 401, 404, 429, 503])(
    'that begins with %i counts, although the rest of it is lost',
    async (status) => {
      const odp = await serve((response) => {
        response.writeHead(status, {
          'content-length': '100',
          'retry-after': '7',
        });
        response.write('{', () => response.destroy());
      });
      expect(await transportOf().send(requestTo(odp))).toMatchObject({
        status,
        headers: { 'retry-after': '7' },
      });
    },
  );

  it.each([202, 302, 401, 503])(
    'without an end counts a second after its status %i, and its connection is closed',
    async (status) => {
      const odp = await serve((response) => {
        response.writeHead(status);
        response.write(' ');
      });
      const waits: number[] = [];
      const transport = new HttpServiceTransport(new HttpService(create()), {
        schedule(wake, ms) {
          waits.push(ms);
          setImmediate(wake);
          return () => {};
        },
      });
      expect(await transport.send(requestTo(odp))).toMatchObject({ status });
      expect(waits).toEqual([1000]);
      await closed(odp);
    },
  );

  it('that refuses and breaks off is none', async () => {
    const odp = await serve((response) => {
      response.writeHead(400, { 'content-length': '100' });
      response.write('{', () => response.destroy());
    });
    expect(await reasonOf(transportOf().send(requestTo(odp)))).toMatch(
      /^[A-Z_]+$/,
    );
  });

  it('that is garbage is none', async () => {
    const odp = await serve((response) => {
      response.writeHead(400, { 'content-encoding': 'gzip' });
      response.end('not gzip');
    });
    expect(await reasonOf(transportOf().send(requestTo(odp)))).toBe(
      'Z_DATA_ERROR',
    );
  });
});

describe('a redirect', () => {
  it.each<[string, number, CreateAxiosDefaults]>(
    [301, 302, 303, 307, 308].flatMap((status) => [
      ['http', status, { maxRedirects: 5 }],
      ['fetch', status, { maxRedirects: 5, adapter: 'fetch' }],
    ]),
  )(
    'is not followed (%s, %i): the key stays here',
    async (_adapter, status, defaults) => {
      const other = await serve((response) => json(response, 202, {}));
      const odp = await serve((response) => {
        response.writeHead(status, { location: `${other.url}/v3/events` });
        response.end('moved');
      });
      expect(await transportOf(defaults).send(requestTo(odp))).toMatchObject({
        status,
      });
      expect(other.requests).toEqual([]);
      expect(other.sockets).toEqual([]);
    },
  );
});

describe('no answer', () => {
  it('from a port that nobody listens on is reported by its code', async () => {
    const odp = await serve(() => {});
    await new Promise((resolve) => odp.server.close(resolve));
    expect(await reasonOf(transportOf().send(requestTo(odp)))).toBe(
      'ECONNREFUSED',
    );
  });

  it('from a connection that breaks is reported by its code', async () => {
    const odp = await serve((response) => response.socket?.destroy());
    expect(await reasonOf(transportOf().send(requestTo(odp)))).toBe(
      'ECONNRESET',
    );
  });

  it('ends with the abort signal, and so does the connection', async () => {
    const controller = new AbortController();
    const odp = await serve(() => controller.abort());
    const { signal } = controller;
    expect(await reasonOf(transportOf().send(requestTo(odp, { signal })))).toBe(
      'ERR_CANCELED',
    );
    await closed(odp);
    expect(await reasonOf(transportOf().send(requestTo(odp, { signal })))).toBe(
      'ERR_CANCELED',
    );
    expect(odp.requests).toHaveLength(1);
  });

  it('from what speaks another protocol is reported by its code', async () => {
    const odp = await serve(() => {});
    odp.server.prependListener('connection', (socket) => {
      socket.end('SSH-2.0-OpenSSH_9.6\r\n');
    });
    expect(await reasonOf(transportOf().send(requestTo(odp)))).toMatch(
      /^HPE_|^ECONNRESET$/,
    );
  });
});

describe("the app's axios", () => {
  it('applies its interceptors and agent', async () => {
    const odp = await serve((response) => json(response, 202, {}));
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    closing.push(() => httpAgent.destroy());
    const seen: number[] = [];
    const transport = transportOf({ httpAgent }, (instance) => {
      instance.interceptors.request.use((config) => {
        config.headers.set('x-trace', 'trace-1');
        return config;
      });
      instance.interceptors.response.use((response) => {
        seen.push(response.status);
        return response;
      });
    });
    await Promise.all([1, 2, 3].map(() => transport.send(requestTo(odp))));
    expect(odp.requests.map(({ headers }) => headers['x-trace'])).toEqual([
      'trace-1',
      'trace-1',
      'trace-1',
    ]);
    expect(odp.sockets).toHaveLength(1);
    expect(seen).toEqual([202, 202, 202]);
  });

  it('cannot bend the way of the key or the reading of the answer', async () => {
    const other = await serve((response) => json(response, 202, {}));
    const odp = await serve((response) => json(response, 418, { a: 1 }));
    let config: AxiosRequestConfig = {};
    const transport = transportOf(
      {
        baseURL: other.url,
        allowAbsoluteUrls: false,
        maxRedirects: 5,
        responseType: 'json',
        validateStatus: (status) => status === 200,
        transformRequest: [() => 'changed'],
        transformResponse: [() => 'changed'],
        timeout: 1,
      },
      (instance) => {
        instance.interceptors.request.use((given) => {
          config = given;
          return given;
        });
      },
    );
    expect(await transport.send(requestTo(odp))).toMatchObject({
      status: 418,
      body: '{"a":1}',
    });
    expect(odp.requests[0]?.body).toBe('[{"a":"ü"}]');
    expect(other.requests).toEqual([]);
    // delivery.requestTimeout ends requests, and older fetch adapters ask only
    // their own option whether to follow a redirect.
    expect(config).toMatchObject({
      timeout: 0,
      fetchOptions: { redirect: 'manual' },
    });
  });

  it('may use the fetch adapter', async () => {
    const odp = await serve((response) => json(response, 400, { a: 1 }));
    expect(
      await transportOf({ adapter: 'fetch' }).send(requestTo(odp)),
    ).toMatchObject({ status: 400, body: '{"a":1}' });
  });

  it('may have an interceptor that reads the answer', async () => {
    const odp = await serve((response) => json(response, 400, { a: 1 }));
    const transport = transportOf({}, (instance) => {
      instance.interceptors.response.use(async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response.data as AsyncIterable<Buffer>) {
          chunks.push(chunk);
        }
        const data: unknown = JSON.parse(Buffer.concat(chunks).toString());
        return { ...response, data };
      });
    });
    expect(await transport.send(requestTo(odp))).toMatchObject({
      status: 400,
      body: '{"a":1}',
    });
  });

  it.each<[string, (data: unknown) => unknown]>([
    ['its data', (data) => data],
    ['nothing', () => undefined],
    ['text', () => 'ok'],
    ['a status that is text', () => ({ status: 'ok' })],
  ])(
    'with an interceptor that returns %s is told what to do',
    async (_what, replace) => {
      const odp = await serve((response) => json(response, 202, {}));
      const transport = transportOf({}, (instance) => {
        instance.interceptors.response.use(
          (response) => replace(response.data) as never,
        );
      });
      expect(await reasonOf(transport.send(requestTo(odp)))).toBe(
        "an axios interceptor of the app returned no response; exempt ODP's host from it",
      );
    },
  );

  it('with an interceptor that returns the stream leaves no connection busy', async () => {
    const odp = await serve((response) => {
      response.writeHead(202);
      response.write('more comes');
    });
    const transport = transportOf({}, (instance) => {
      instance.interceptors.response.use((response) => response.data as never);
    });
    await reasonOf(transport.send(requestTo(odp)));
    await closed(odp);
  });

  it.each<[string, unknown]>([
    ['with a TypeError', new TypeError(`cannot read x of ${KEY}`)],
    [
      '',
      Object.assign(new Error(KEY), { name: `Error with ${KEY}`, code: KEY }),
    ],
    ['', KEY],
    ['', undefined],
    ['', null],
    ['', { name: 5, code: 5 }],
  ])(
    'with an interceptor that throws is told so %s (%#)',
    async (kind, thrown) => {
      const odp = await serve((response) => json(response, 202, {}));
      const failing = () => {
        throw thrown;
      };
      const told = `an axios interceptor of the app failed${kind === '' ? '' : ` with a TypeError`}; exempt ODP's host from it`;
      for (const customise of [
        (instance: AxiosInstance) => instance.interceptors.request.use(failing),
        (instance: AxiosInstance) =>
          instance.interceptors.response.use(failing),
      ]) {
        const transport = transportOf(
          {},
          (instance) => void customise(instance),
        );
        expect(await reasonOf(transport.send(requestTo(odp)))).toBe(told);
      }
    },
  );
});

describe("the app's axios instance", () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error(KEY);
      },
    ],
    ['fails', () => Promise.reject(new Error(KEY))],
    ['gives null', () => Promise.resolve(null)],
  ])(
    'that %s is an OdpTransportError without the key',
    async (_what, request) => {
      const axiosRef = { request } as unknown as AxiosInstance;
      const transport = new HttpServiceTransport({ axiosRef });
      expect(
        await reasonOf(
          transport.send(requestTo({ url: 'http://127.0.0.1:1' })),
        ),
      ).toContain('interceptor');
    },
  );
});
