import { OdpSandboxError, type OdpFault } from 'nestjs-optimizely-odp/sandbox';
import { describe, expect, it } from 'vitest';
import { anEvent, post, request, sandboxes } from './support.js';

describe('faults', () => {
  const start = sandboxes();

  it('answers a status for the next requests, accepting nothing, then is gone', async () => {
    const sandbox = await start();
    const fault = sandbox.fail({ status: 503, times: 2, retryAfter: 7 });
    for (const struck of [1, 2]) {
      const reply = await post(sandbox, anEvent('a'));
      expect(reply).toMatchObject({
        status: 503,
        body: { title: 'Service Unavailable', status: 503 },
      });
      expect(reply.headers.get('retry-after')).toBe('7');
      expect(fault.struck).toBe(struck);
    }
    expect(sandbox.faults()).toEqual([]);
    expect((await post(sandbox, anEvent('b'))).status).toBe(202);
    expect(sandbox.events()).toMatchObject([{ event: { action: 'b' } }]);
    expect(sandbox.requests()).toMatchObject([
      { status: 503, accepted: 0, batchSize: 1, body: anEvent('a') },
      { status: 503, faults: [expect.stringContaining('503')] },
      { status: 202, accepted: 1, faults: [] },
    ]);
  });

  it('answers a redirect, or a body that is not JSON', async () => {
    const sandbox = await start();
    const headers = { location: 'http://127.0.0.1:1/elsewhere' };
    sandbox.fail({ status: 302, headers, times: 1 });
    sandbox.fail({ status: 502, body: '<h1>Bad Gateway</h1>' });
    const redirect = await post(sandbox, anEvent('a'));
    expect(redirect.status).toBe(302);
    expect(redirect.headers.get('location')).toBe(headers.location);
    expect(await post(sandbox, anEvent('a'))).toMatchObject({
      status: 502,
      body: { text: '<h1>Bad Gateway</h1>' },
    });
  });

  it('answers 200 with an HTML page, accepting nothing', async () => {
    const sandbox = await start();
    sandbox.fail({ status: 200, html: true });
    const reply = await post(sandbox, anEvent('a'));
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toContain('text/html');
    expect(reply.body['text']).toContain('<!doctype html>');
    expect(sandbox.events()).toEqual([]);
  });

  it('answers a body of a given size', async () => {
    const sandbox = await start();
    sandbox.fail({ status: 200, bodyBytes: 3_000_000 });
    const reply = await post(sandbox, anEvent('a'));
    expect(JSON.stringify(reply.body)).toHaveLength(3_000_000);
    expect(sandbox.events()).toEqual([]);
  });

  it('dribbles a body without end, until it is closed', async () => {
    const sandbox = await start();
    sandbox.fail({ status: 202, dribble: true });
    const response = await fetch(`${sandbox.url}/v3/events`, {
      method: 'POST',
      body: JSON.stringify(anEvent('a')),
    });
    expect(response.status).toBe(202);
    const reader = response.body!.getReader();
    for (const _ of [1, 2, 3]) {
      const { value, done } = await reader.read();
      expect([done, value?.length]).toEqual([false, 1]);
    }
    await sandbox.close();
    await expect(async () => {
      while (!(await reader.read()).done);
    }).rejects.toThrow();
  });

  it('strikes only requests that hold what matches', async () => {
    const sandbox = await start();
    const items = [{ product_id: 'tea' }, { product_id: 'cup' }];
    sandbox.fail({
      status: 403,
      match: { field: 'data.order.items.product_id', value: 'cup' },
    });
    sandbox.fail({
      status: 500,
      match: ({ action }) => action === 'c',
      times: 1,
    });
    const statuses: number[] = [];
    for (const events of [
      [anEvent('a'), anEvent('b', undefined, { order: { items } })],
      [anEvent('a'), anEvent('b')],
      [anEvent('c')],
      [anEvent('c')],
    ]) {
      statuses.push((await post(sandbox, events)).status);
    }
    expect(statuses).toEqual([403, 202, 500, 202]);
  });

  it('strikes only the path that it names', async () => {
    const sandbox = await start();
    sandbox.fail({ status: 500, path: '/v3/profiles' });
    expect((await request(sandbox, '/v3/profiles?email=a')).status).toBe(500);
    expect((await post(sandbox, anEvent('a'))).status).toBe(202);
  });

  it('strikes a share of requests', async () => {
    const draws = [0.1, 0.3, 0.29, 0.9];
    const sandbox = await start({ random: () => draws.shift()! });
    sandbox.fail({ status: 500, share: 0.3 });
    const statuses: number[] = [];
    for (const _ of [1, 2, 3, 4]) {
      statuses.push((await post(sandbox, anEvent('a'))).status);
    }
    expect(statuses).toEqual([500, 202, 500, 202]);
  });

  it('lets the first set answer when several would', async () => {
    const sandbox = await start();
    sandbox.fail({ status: 500, times: 1 });
    sandbox.fail({ status: 429, times: 1 });
    expect((await post(sandbox, anEvent('a'))).status).toBe(500);
    expect((await post(sandbox, anEvent('a'))).status).toBe(429);
    expect((await post(sandbox, anEvent('a'))).status).toBe(202);
  });

  it('answers late, having accepted meanwhile', async () => {
    const sandbox = await start();
    sandbox.fail({ latency: 600_000 });
    const aborter = new AbortController();
    const reply = fetch(`${sandbox.url}/v3/events`, {
      method: 'POST',
      body: JSON.stringify(anEvent('a')),
      signal: aborter.signal,
    });
    await sandbox.waitFor(1);
    aborter.abort();
    await expect(reply).rejects.toThrow('aborted');
  });

  it('answers in the end when it is only late', async () => {
    const sandbox = await start();
    sandbox.fail({ latency: 5 });
    sandbox.fail({ status: 500, times: 1 });
    expect((await post(sandbox, anEvent('a'))).status).toBe(500);
    expect((await post(sandbox, anEvent('a'))).status).toBe(202);
    expect(sandbox.requests()[0]!.faults).toHaveLength(2);
  });

  it('never answers, until it is closed', async () => {
    const sandbox = await start();
    sandbox.fail({ hang: true });
    const reply = post(sandbox, anEvent('a'));
    reply.catch(() => undefined);
    await expect
      .poll(() => sandbox.requests(), { timeout: 10_000 })
      .toMatchObject([{ outcome: 'hung', status: undefined, accepted: 0 }]);
    await sandbox.close();
    await expect(reply).rejects.toThrow('fetch failed');
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('resets the connection %s accepting', async (reset, accepted) => {
    const sandbox = await start();
    sandbox.fail({ reset, times: 1 });
    await expect(post(sandbox, anEvent('a'))).rejects.toMatchObject({
      cause: { code: 'ECONNRESET' },
    });
    expect(sandbox.events()).toHaveLength(accepted);
    expect(sandbox.requests()).toMatchObject([
      { outcome: 'reset', status: undefined, accepted },
    ]);
    expect((await post(sandbox, anEvent('b'))).status).toBe(202);
  });

  it('calls events invalid that match a predicate or a pattern', async () => {
    const sandbox = await start({ onInvalid: 'keep-valid' });
    sandbox.fail({ invalid: (event) => event.action === 'b', message: 'No.' });
    sandbox.fail({
      invalid: { type: 'shop', field: 'data.order.id', value: '7' },
    });
    const reply = await post(sandbox, [
      anEvent('a'),
      anEvent('b'),
      anEvent('c', undefined, { order: { id: 7 } }),
      anEvent('d', undefined, { order: { id: 8 } }),
      { action: 'b' },
    ]);
    expect(reply.status).toBe(400);
    expect(reply.body['detail']).toEqual({
      invalids: [
        { event: 1, message: 'No.' },
        { event: 2, message: 'refused by a sandbox fault' },
        { event: 4, message: "missing 'type' field" },
      ],
    });
    expect(sandbox.events().map(({ event }) => event.action)).toEqual([
      'a',
      'd',
    ]);
  });

  it('spends an invalid fault only on requests that hold such events', async () => {
    const sandbox = await start();
    sandbox.fail({ invalid: { action: 'b' }, times: 1 });
    expect((await post(sandbox, anEvent('a'))).status).toBe(202);
    expect((await post(sandbox, [anEvent('b'), anEvent('b')])).status).toBe(
      400,
    );
    expect((await post(sandbox, anEvent('b'))).status).toBe(202);
  });

  it('strikes profiles and audiences as well', async () => {
    const sandbox = await start();
    sandbox.fail({ status: 500 });
    expect((await request(sandbox, '/v3/profiles?email=a')).status).toBe(500);
    expect((await request(sandbox, '/v3/graphql', { body: {} })).status).toBe(
      500,
    );
  });

  it('ends one fault, or all', async () => {
    const sandbox = await start();
    const first = sandbox.fail({ status: 500 });
    sandbox.fail({ latency: 1 });
    sandbox.fail({ status: 404 });
    first.clear();
    expect((await post(sandbox, anEvent('a'))).status).toBe(404);
    sandbox.clearFaults();
    expect((await post(sandbox, anEvent('a'))).status).toBe(202);
  });

  it.each<[unknown, string]>([
    [{}, 'no kind'],
    [503, 'A fault is an object'],
    [{ status: 199 }, 'status'],
    [{ status: 202 }, 'html'],
    [{ status: 400, html: true, body: 'x' }, 'several bodies (body, html)'],
    [{ hang: true, path: 'v3' }, 'path'],
    [{ hang: true, match: { value: 'x' } }, 'match.value'],
    [{ status: 503, hang: true }, 'several kinds (status, hang)'],
    [{ status: 503, times: 0 }, 'times'],
    [{ status: 503, share: 1.5 }, 'share'],
    [{ status: 503, tmies: 2 }, '"tmies"'],
    [{ status: 503, retryAfter: 'x\r\ny: z' }, 'retryAfter'],
    [{ status: 503, headers: { 'a b': 'c' } }, 'headers'],
    [{ latency: -1 }, 'latency'],
    [{ reset: 'later' }, 'reset'],
    [{ invalid: { tpye: 'x' } }, '"tpye"'],
    [{ invalid: { value: 'x' } }, 'field'],
  ])('refuses %j and names what is wrong', async (fault, named) => {
    const sandbox = await start();
    expect(() => sandbox.fail(fault as OdpFault)).toThrow(OdpSandboxError);
    expect(() => sandbox.fail(fault as OdpFault)).toThrow(named);
    expect(sandbox.faults()).toEqual([]);
  });
});
