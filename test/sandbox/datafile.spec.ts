import {
  createInstance,
  createOdpManager,
  createPollingProjectConfigManager,
  type Client,
  OptimizelyDecideOption,
} from '@optimizely/optimizely-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { anEvent, post, request, sandboxes } from './support.js';

describe('datafiles', () => {
  const start = sandboxes();
  const clients: Client[] = [];
  afterEach(() => Promise.all(clients.splice(0).map((one) => one.close())));

  /** The official SDK, asking for the datafile again and again. */
  async function sdk(urlTemplate: string): Promise<Client> {
    const client = createInstance({
      projectConfigManager: createPollingProjectConfigManager({
        sdkKey: 'my-key',
        urlTemplate,
        autoUpdate: true,
        updateInterval: 50,
      }),
      odpManager: createOdpManager(),
    });
    clients.push(client);
    await client.onReady({ timeout: 10_000 });
    return client;
  }

  const integrationsOf = (client: Client): unknown =>
    JSON.parse(client.getOptimizelyConfig()!.getDatafile()).integrations;

  it('are taken by the official SDK, change by change', async () => {
    const sandbox = await start();
    const client = await sdk(`${sandbox.url}/datafiles/%s.json`);
    expect(client.isOdpIntegrated()).toBe(true);
    const own = {
      publicKey: 'sandbox-key',
      host: sandbox.url,
      pixelUrl: sandbox.url,
    };
    expect(integrationsOf(client)).toEqual([{ key: 'odp', ...own }]);
    const moved = { publicKey: 'another', host: 'https://odp.example' };
    for (const [integration, served] of [
      [moved, [{ key: 'odp', ...moved }]],
      [null, []],
      [{ host: own.host }, [{ key: 'odp', host: own.host }]],
      [undefined, [{ key: 'odp', ...own }]],
    ] as const) {
      sandbox.setIntegration(integration);
      await expect.poll(() => integrationsOf(client)).toEqual(served);
    }
  });

  it('keep the SDK with what it has while they are broken or refused', async () => {
    const sandbox = await start();
    const client = await sdk(`${sandbox.url}/datafiles/%s.json`);
    const path = '/datafiles';
    for (const fault of [
      { status: 403, path },
      { status: 404, path },
      { status: 200, body: '{"version":"4",', path },
      { status: 200, html: true, path } as const,
    ]) {
      const active = sandbox.fail({ ...fault, times: 1 });
      await expect.poll(() => active.struck, { timeout: 30_000 }).toBe(1);
    }
    expect(client.isOdpIntegrated()).toBe(true);
  });

  it('give the SDK segments to ask the sandbox for, and to decide by', async () => {
    const sandbox = await start();
    sandbox.defineSegment({ name: 'vip', when: { type: 'order' } });
    sandbox.defineSegment({ name: 'other', when: { type: 'nothing' } });
    const client = await sdk(`${sandbox.url}/datafiles/%s.json`);
    const decide = async (userId: string) => {
      const user = client.createUserContext(userId);
      const isFetched = await user.fetchQualifiedSegments();
      const { enabled } = user.decide('vip', [
        OptimizelyDecideOption.DISABLE_DECISION_EVENT,
      ]);
      return { isFetched, segments: user.qualifiedSegments, enabled };
    };
    const order = anEvent('purchase', { fs_user_id: 'u1' });
    await post(sandbox, { ...order, type: 'order' });
    expect(await decide('u1')).toEqual({
      isFetched: true,
      segments: ['vip'],
      enabled: true,
    });
    expect(await decide('u2')).toEqual({
      isFetched: false,
      segments: null,
      enabled: false,
    });
  });

  const get = (
    sandbox: Awaited<ReturnType<typeof start>>,
    headers: Record<string, string> = {},
    path = '/datafiles/my-key.json',
  ) => request(sandbox, path, { headers });

  it('come with Last-Modified, and a 304 until they change', async () => {
    const sandbox = await start();
    const first = await get(sandbox);
    const since = {
      'if-modified-since': first.headers.get('last-modified')!,
    };
    const again = await get(sandbox, since);
    expect(again).toMatchObject({ status: 304, body: { text: '' } });
    // In the same second, which is as fine as HTTP dates are.
    sandbox.setIntegration(null);
    const changed = await get(sandbox, since);
    expect(changed.status).toBe(200);
    expect(changed.body['revision']).not.toBe(first.body['revision']);
    expect(first.body['sdkKey']).toBe('my-key');
  });

  it('name the host by which they were asked for', async () => {
    const sandbox = await start();
    const url = sandbox.url.replace('127.0.0.1', 'localhost');
    const response = await fetch(`${url}/datafiles/k.json`);
    expect(await response.json()).toMatchObject({
      integrations: [{ host: url }],
    });
  });

  it('are refused for another SDK key, and without the token asked for', async () => {
    const sandbox = await start({
      sdkKey: 'my-key',
      datafileAccessToken: 'token',
    });
    expect(sandbox.datafileUrl).toBe(`${sandbox.url}/datafiles/my-key.json`);
    const authorization = 'Bearer token';
    const auth = '/datafiles/auth/my-key.json';
    const other = '/datafiles/other.json';
    expect((await get(sandbox, { authorization })).status).toBe(200);
    expect((await get(sandbox, { authorization }, auth)).status).toBe(200);
    expect((await get(sandbox, { authorization }, other)).status).toBe(403);
    expect((await get(sandbox)).status).toBe(403);
    expect((await get(sandbox, { authorization: 'Bearer x' })).status).toBe(
      403,
    );
  });

  it('go on being served while ODP has faults, unless these name them', async () => {
    const sandbox = await start();
    sandbox.fail({ status: 503 });
    expect((await get(sandbox)).status).toBe(200);
    sandbox.fail({ status: 403, path: '/datafiles' });
    expect((await get(sandbox)).status).toBe(403);
  });

  it('rotate the key: the old one is refused, and reset undoes it', async () => {
    const sandbox = await start({ apiKey: 'old' });
    const send = async (key: string) => {
      const headers = { 'x-api-key': key };
      const body = anEvent('a');
      return (await request(sandbox, '/v3/events', { body, headers })).status;
    };
    sandbox.setApiKey('new');
    expect(sandbox.integration()).toMatchObject({ publicKey: 'new' });
    expect([await send('old'), await send('new')]).toEqual([403, 202]);
    sandbox.setIntegration(null);
    sandbox.reset();
    expect(sandbox.integration()).toMatchObject({ publicKey: 'old' });
    expect([await send('old'), await send('new')]).toEqual([202, 403]);
  });

  it('are changed over the REST API', async () => {
    const sandbox = await start();
    const call = (method: string, path: string, body?: unknown) =>
      request(sandbox, `/_sandbox/${path}`, { method, body });
    const before = await call('GET', 'integration');
    expect(before.body).toMatchObject({
      datafileUrl: `${sandbox.url}/datafiles/sandbox.json`,
      needsToken: false,
      integration: { publicKey: 'sandbox-key', host: sandbox.url },
      apiKey: null,
    });
    const put = await call('PUT', 'integration', { publicKey: 'k' });
    expect(put.body).toMatchObject({ integration: { publicKey: 'k' } });
    expect(put.body['revision']).not.toBe(before.body['revision']);
    expect((await call('DELETE', 'integration')).body).toMatchObject({
      integration: null,
    });
    expect(sandbox.integration()).toBeNull();
    await call('POST', 'integration/reset', {});
    expect(sandbox.integration()).toMatchObject({ host: sandbox.url });
    await call('PUT', 'api-key', { apiKey: 'only' });
    expect((await call('GET', 'integration')).body).toMatchObject({
      integration: { publicKey: 'only' },
      apiKey: 'only',
    });
    for (const [path, body] of [
      ['integration', { pulicKey: 'k' }],
      ['integration', []],
      ['api-key', { apiKey: 1 }],
      ['api-key', {}],
    ] as const) {
      expect((await call('PUT', path, body)).status).toBe(400);
    }
  });
});
