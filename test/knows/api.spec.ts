import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import {
  OdpApiError,
  OdpNotIntegratedError,
  OdpValidationError,
} from 'nestjs-optimizely-odp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startOdpApp } from '../support/odp-app.js';
import { soon } from '../support/soon.js';

const HUGE = 'x'.repeat(11 * 1024 * 1024);
const EMAIL = 'ada.lovelace@example.com';

const failure = async (asked: Promise<unknown>): Promise<OdpApiError> => {
  const error: unknown = await asked.then(
    () => expect.fail('it was answered'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OdpApiError);
  return error as OdpApiError;
};

/** A server that answers as it is told, for what no ODP would answer. */
async function hostile(answer: (server: Server) => void): Promise<string> {
  const server = createServer();
  answer(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('odp.api.request', () => {
  it('asks with the key of the account, with query and body, and returns what ODP said', async () => {
    const { odp, sandbox } = await startOdpApp();
    const made = await odp.api.request({
      method: 'POST',
      path: '/lists',
      body: { name: 'Tea friends' },
    });
    await odp.api.request({
      method: 'POST',
      path: '/v3/lists/subscriptions',
      body: [{ list_id: 'tea_friends', email: EMAIL, subscribed: true }],
    });
    const { status, body } = await odp.api.request({
      path: '/lists/subscriptions',
      query: { email: EMAIL, phone: undefined },
    });

    expect(made.body).toEqual({
      created: { list_id: 'tea_friends', name: 'Tea friends' },
    });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      customer: { email: EMAIL },
      subscriptions: [{ list_id: 'tea_friends', subscribed: true }],
    });
    expect(
      sandbox.requests().map(({ headers }) => headers['x-api-key']),
    ).toEqual(['test-key', 'test-key', 'test-key']);
    expect(sandbox.events()).toEqual([]);
  });

  it('encodes hostile text: it stays a value, and leads to no other path', async () => {
    const { odp, sandbox } = await startOdpApp();
    const value = `x&email=${EMAIL}#?/../events\n"`;
    await failure(
      odp.api.request({
        path: '/lists/subscriptions',
        query: { email: value },
      }),
    );
    const [asked] = sandbox.requests();
    const url = new URL(asked!.path, sandbox.url);
    expect(url.pathname).toBe('/v3/lists/subscriptions');
    expect([...url.searchParams]).toEqual([['email', value]]);
  });

  it('takes whatever encodeURIComponent returns as a part of a path', async () => {
    const { odp, sandbox } = await startOdpApp();
    const value = `o'brien!(x)*~.-_ +é?#"@x.org`;
    const error = await failure(
      odp.api.request({ path: `/nowhere/${encodeURIComponent(value)}` }),
    );
    expect(error.status).toBe(404);
    const { pathname } = new URL(sandbox.requests()[0]!.path, sandbox.url);
    expect(decodeURIComponent(pathname)).toBe(`/v3/nowhere/${value}`);
  });

  it('keeps hostile names and values of query and body what they are', async () => {
    const { odp, sandbox } = await startOdpApp();
    const fields = JSON.parse(
      '{"__proto__":"a","constructor":"\\"}\\\\","a&b=c":"\\u0000\\n\u2028"}',
    ) as Record<string, string>;
    await failure(
      odp.api.request({ method: 'POST', path: '/nowhere', body: fields }),
    );
    await failure(odp.api.request({ path: '/nowhere', query: fields }));
    const [posted, asked] = sandbox.requests();
    expect(JSON.stringify(posted?.body)).toBe(JSON.stringify(fields));
    const { searchParams } = new URL(asked!.path, sandbox.url);
    expect([...searchParams]).toEqual(Object.entries(fields));
  });

  it.each([
    [{ path: '/../events' }, 'path'],
    [{ path: '/lists/%2e%2e/events' }, 'path'],
    [{ path: '//evil.example/lists' }, 'path'],
    [{ path: 'https://evil.example/' }, 'path'],
    [{ path: '@evil.example/x' }, 'path'],
    [{ path: '/lists?email=x' }, 'path'],
    [{ path: '/lists\r\nx: y' }, 'path'],
    [{ path: '/lists\\..\\events' }, 'path'],
    [{ path: '/lists/%5c' }, 'path'],
    [{ path: undefined as never }, 'path'],
    [{ path: '/lists', method: 'TRACE' as never }, 'method'],
    [{ path: '/lists', body: {} }, 'body'],
    [{ path: '/lists', method: 'POST', body: 1n }, 'body'],
    [{ path: '/lists', method: 'POST', body: HUGE }, 'body'],
    [{ path: '/lists', query: { a: {} as never } }, 'query'],
    [{ path: '/lists', query: { a: 'b\ud800' } }, 'query'],
    [{ path: '/lists', query: { '\udc00': 'b' } }, 'query'],
    [{ path: '/lists', timeout: 'soon' as never }, 'timeout'],
  ] as const)(
    'refuses what cannot be asked: case %#',
    async (request, path) => {
      const { odp, sandbox } = await startOdpApp();
      const error = await odp.api
        .request(request)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OdpValidationError);
      expect((error as OdpValidationError).violations).toMatchObject([
        { path },
      ]);
      expect(sandbox.requests()).toEqual([]);
    },
  );

  it('throws with the status and the words of ODP, without anything that was sent', async () => {
    const { odp } = await startOdpApp();
    const error = await failure(
      odp.api.request({
        path: '/lists/subscriptions',
        query: { email: EMAIL.toUpperCase() },
      }),
    );
    expect(error.status).toBe(404);
    expect(error.reason).toBe('status 404 (No customer [identifier])');
    expect(inspect(error, { depth: 9 }).toLowerCase()).not.toContain(
      'lovelace',
    );
  });

  it('repeats what is safe to repeat', async () => {
    const { odp, sandbox, clock } = await startOdpApp();
    sandbox.fail({ status: 503, times: 2 });
    const asked = odp.api.request({ path: '/lists' });
    await soon(() => expect(sandbox.requests()).toHaveLength(1));
    await soon(async () => {
      await clock.advance(1000);
      expect(sandbox.requests()).toHaveLength(3);
    });
    expect((await asked).status).toBe(202);
  });

  it('does not repeat a POST that ODP may have done, unless it is said to be idempotent', async () => {
    const { odp, sandbox, clock } = await startOdpApp();
    const post = {
      method: 'POST',
      path: '/lists',
      body: { name: 'a' },
    } as const;
    sandbox.fail({ status: 500, times: 2 });
    expect((await failure(odp.api.request(post))).status).toBe(500);
    expect(sandbox.requests()).toHaveLength(1);

    const asked = odp.api.request({ ...post, idempotent: true });
    await soon(async () => {
      await clock.advance(1000);
      expect(sandbox.requests()).toHaveLength(3);
    });
    expect((await asked).status).toBe(202);
  });

  it('repeats a POST after the time that ODP asks for', async () => {
    const { odp, sandbox, clock } = await startOdpApp();
    sandbox.fail({ status: 429, retryAfter: 2, times: 1 });
    const asked = odp.api.request({
      method: 'POST',
      path: '/lists',
      body: { name: 'a' },
    });
    await soon(() => expect(sandbox.requests()).toHaveLength(1));
    await clock.advance(1900);
    expect(sandbox.requests()).toHaveLength(1);
    await soon(async () => {
      await clock.advance(100);
      expect(sandbox.requests()).toHaveLength(2);
    });
    expect((await asked).status).toBe(202);
  });

  it('follows no redirect: the key goes nowhere else', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.fail({
      status: 302,
      headers: { location: `${sandbox.url}/v3/elsewhere` },
    });
    expect((await failure(odp.api.request({ path: '/lists' }))).status).toBe(
      302,
    );
    expect(sandbox.requests().map(({ path }) => path)).toEqual(['/v3/lists']);
  });

  it('takes no login page for an answer', async () => {
    const { odp, sandbox } = await startOdpApp();
    sandbox.fail({ status: 200, html: true });
    const { status, reason } = await failure(
      odp.api.request({ path: '/lists' }),
    );
    expect(status).toBe(200);
    expect(reason).toContain('no JSON');
  });

  it('reads so much and no more', async () => {
    const url = await hostile((server) => {
      server.on('request', (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const flood = () => {
          while (!response.destroyed && response.write('"'.repeat(65_536)));
        };
        response.on('drain', flood);
        flood();
      });
    });
    const { odp } = await startOdpApp({ apiHost: url });
    expect((await failure(odp.api.request({ path: '/lists' }))).reason).toBe(
      'an answer of more than 8388608 bytes',
    );
  });

  it('ends in time when ODP is silent, and as soon as its caller has left', async () => {
    const { odp, sandbox, clock } = await startOdpApp();
    sandbox.fail({ hang: true });
    const asked = failure(odp.api.request({ path: '/lists', timeout: '3s' }));
    await soon(() => expect(sandbox.requests()).toHaveLength(1));
    await clock.advance(3000);
    expect(await asked).toMatchObject({
      status: undefined,
      reason: 'no answer within 3000 ms',
    });

    const leaving = new AbortController();
    const left = odp.api
      .request({ path: '/lists', signal: leaving.signal })
      .catch((error: unknown) => error);
    await soon(() => expect(sandbox.requests()).toHaveLength(2));
    const reason = new Error('the client has gone');
    leaving.abort(reason);
    expect(await left).toBe(reason);
  });

  it('breaks off with the app, and asks nothing afterwards', async () => {
    const { odp, sandbox, close } = await startOdpApp();
    sandbox.fail({ hang: true });
    const asked = failure(odp.api.request({ path: '/lists' }));
    await soon(() => expect(sandbox.requests()).toHaveLength(1));
    await close();
    expect((await asked).reason).toBe('the app has shut down');
    await expect(odp.api.request({ path: '/lists' })).rejects.toMatchObject({
      code: 'sdkNotReady',
      message: expect.stringContaining('Nothing was asked of ODP') as string,
    });
  });

  it('asks nothing without an account', async () => {
    const { odp } = await startOdpApp({ apiKey: undefined });
    await expect(odp.api.request({ path: '/lists' })).rejects.toBeInstanceOf(
      OdpNotIntegratedError,
    );
  });

  it('starts nothing for callers whose time is up in the same moment', async () => {
    const { odp, sandbox, clock } = await startOdpApp();
    sandbox.fail({ hang: true });
    const asked = Array.from({ length: 200 }, () =>
      failure(odp.api.request({ path: '/lists' })),
    );
    await soon(() => expect(sandbox.requests()).toHaveLength(64));
    await clock.advance(30_000);
    for (const { reason } of await Promise.all(asked)) {
      expect(reason).toBe('no answer within 30000 ms');
    }
    expect(sandbox.requests()).toHaveLength(64);
  });

  it('has only so many requests under way; those that end let others start', async () => {
    const { odp, sandbox, clock } = await startOdpApp();
    sandbox.fail({ hang: true });
    const ask = (timeout: number) =>
      odp.api.request({ path: '/lists', timeout }).catch(() => undefined);
    const hanging = Array.from({ length: 64 }, () => ask(10_000));
    const waiting = Array.from({ length: 136 }, () => ask(60_000));
    await soon(() => expect(sandbox.requests()).toHaveLength(64));
    sandbox.clearFaults();
    await clock.advance(10_000);
    await Promise.all(hanging);
    for (const answer of await Promise.all(waiting)) {
      expect(answer?.status).toBe(202);
    }
    expect(sandbox.requests()).toHaveLength(200);
  });
});
