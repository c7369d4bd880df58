import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { describe, expect, it } from 'vitest';
import { anEvent, post, request, sandboxes } from './support.js';

/** Reads server-sent events until one of this name comes; returns its data. */
async function readEvent(response: Response, name: string): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const found = text
      .split('\n\n')
      .slice(0, -1)
      .find((block) => block.startsWith(`event: ${name}\n`));
    if (found !== undefined) return JSON.parse(found.split('data: ')[1]!);
  }
  throw new Error(`The stream ended without ${name}.`);
}

describe('the page over HTTP', () => {
  const start = sandboxes();

  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/base.css', 'text/css; charset=utf-8'],
    ['/app.js', 'text/javascript; charset=utf-8'],
    ['/icon.svg', 'image/svg+xml'],
  ])('serves %s, letting nothing foreign in', async (path, type) => {
    const sandbox = await start();
    const { status, headers } = await request(sandbox, path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(type);
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each([
    '/../package.json',
    '/%2e%2e/odp-sandbox.ts',
    '/missing.js',
    '/page',
    '/_sandbox/nothing',
  ])('serves no %s', async (path) => {
    const sandbox = await start();
    expect((await request(sandbox, path)).status).toBe(404);
  });

  it('streams what is kept, without keys, and does not keep it from closing', async () => {
    const sandbox = await start({ apiKey: 'secret-key' });
    const body = [anEvent('a')];
    const headers = { 'x-api-key': 'secret-key' };
    await request(sandbox, '/v3/events', { body, headers });
    const response = await fetch(`${sandbox.url}/_sandbox/stream`);
    const batch = await readEvent(response, 'batch');
    expect(batch).toMatchObject({
      events: [{ seq: 1, event: anEvent('a') }],
      requests: [{ id: 1, status: 202, batchSize: 1 }],
      totals: { events: 1, duplicates: 0, requests: 1, refused: 0 },
    });
    const shown = await request(sandbox, '/_sandbox/requests/1');
    expect(shown.body).toMatchObject({ body });
    expect(JSON.stringify([batch, shown])).not.toContain('secret-key');
    const other = await fetch(`${sandbox.url}/_sandbox/stream`);
    const third = await fetch(`${sandbox.url}/_sandbox/stream`);
    expect(await readEvent(third, 'hello')).toMatchObject({
      needsKey: true,
      clears: 0,
      newest: { event: 1, request: 1 },
    });
    await sandbox.close();
    await expect(readEvent(other, 'never')).rejects.toThrow();
  });

  it('says why a request was refused, and whether it came with a key', async () => {
    const sandbox = await start({ apiKey: 'secret-key' });
    const headers = { 'x-api-key': 'secret-key' };
    await post(sandbox, anEvent('a'));
    await request(sandbox, '/v3/events', { headers, body: '{' });
    const body = [anEvent('b'), { action: 'c' }, {}];
    await request(sandbox, '/v3/events', { headers, body });
    const response = await fetch(`${sandbox.url}/_sandbox/stream`);
    expect(await readEvent(response, 'batch')).toMatchObject({
      requests: [
        { status: 403, refusal: 'Forbidden' },
        { status: 400, refusal: 'Unable to parse request body.' },
        { status: 400, refusal: "event 2: missing 'type' field (and 1 more)" },
      ],
    });
    const shown = async (id: number) =>
      (await request(sandbox, `/_sandbox/requests/${id}`)).body;
    expect(await shown(1)).toMatchObject({ refusal: 'Forbidden' });
    expect(await shown(1)).not.toHaveProperty(['headers', 'x-api-key']);
    expect(await shown(2)).toMatchObject({
      headers: { 'x-api-key': '(not shown)' },
    });
  });

  const cases: [string, Record<string, string>, number][] = [
    ['a form', { 'content-type': 'text/plain' }, 415],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a neighbour of the site', { 'sec-fetch-site': 'same-site' }, 403],
    ['another origin', { origin: 'http://evil.example' }, 403],
    ['the page itself', { 'sec-fetch-site': 'same-origin' }, 201],
  ];
  it.each(cases)('answers %s that sets a fault', async (_, headers, status) => {
    const sandbox = await start();
    const body = { status: 500 };
    const reply = await request(sandbox, '/_sandbox/faults', { body, headers });
    expect(reply.status).toBe(status);
    expect(sandbox.faults()).toHaveLength(status === 201 ? 1 : 0);
  });

  it('lets no other site read or clear events', async () => {
    const sandbox = await start();
    await post(sandbox, anEvent('a'));
    const headers = { 'sec-fetch-site': 'cross-site' };
    const paths = ['stream', 'customer?email=ada@example.com', 'requests/1'];
    for (const path of paths) {
      const reply = await request(sandbox, `/_sandbox/${path}`, { headers });
      expect(reply.status).toBe(403);
    }
    const cleared = await request(sandbox, '/_sandbox/clear', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
    });
    expect(cleared.status).toBe(415);
    expect(sandbox.events()).toHaveLength(1);
  });

  it.each(['{', '[]', '{"status":"503"}', '"x"'])(
    'refuses %s as a fault',
    async (body) => {
      const sandbox = await start();
      const reply = await request(sandbox, '/_sandbox/faults', { body });
      expect(reply.status).toBe(400);
      expect(reply.body['message']).toEqual(expect.any(String));
    },
  );

  it('is distinguished from another sandbox in the same process', async () => {
    const [one, other] = [await start(), await start()];
    await post(one, anEvent('a'));
    one.fail({ status: 500 });
    expect((await post(other, anEvent('b'))).status).toBe(202);
    expect(other.events()).toHaveLength(1);
  });

  it('closes with await using', async () => {
    let url: string;
    {
      await using sandbox = await OdpSandbox.start();
      url = sandbox.url;
    }
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });
});
