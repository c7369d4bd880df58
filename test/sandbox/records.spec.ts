import { describe, expect, it } from 'vitest';
import { request, sandboxes } from './support.js';

describe('what is said of identifiers', () => {
  const start = sandboxes();

  it.each([
    ['consent', { consent: false, consent_update_reason: 'asked' }],
    ['reachability', { reachable: false, reachable_update_type: 'unknown' }],
    ['identifiers', { metadata: { source: 'shop' } }],
  ])('is kept and answered: %s', async (kind, fields) => {
    const sandbox = await start();
    const about = { identifier_field_name: 'email', identifier_value: 'a' };
    const body = [{ ...about, ...fields }];
    const posted = await request(sandbox, `/v3/${kind}`, { body });
    expect(posted.status).toBe(202);
    const read = await request(sandbox, `/v3/${kind}/email?id=a`);
    expect(read).toMatchObject({ status: 200, body: body[0] });
    const refused = await request(sandbox, `/v3/${kind}`, {
      body: [...body, about],
    });
    expect(refused).toMatchObject({
      status: 400,
      body: { detail: { invalids: [{ event: 1 }] } },
    });
  });

  it('is null for a consent that nobody gave, and 404 for the rest', async () => {
    const sandbox = await start();
    const consent = await request(sandbox, '/v3/consent/email?id=b');
    expect(consent.body).toEqual({
      identifier_field_name: 'email',
      identifier_value: 'b',
      consent: null,
    });
    const other = await request(sandbox, '/v3/reachability/email?id=b');
    expect(other.status).toBe(404);
  });
});

describe('objects and privacy requests', () => {
  const start = sandboxes();

  it('are accepted as documented', async () => {
    const sandbox = await start();
    const products = [{ product_id: '1' }, { name: 'no id' }];
    const send = (path: string, body: unknown) =>
      request(sandbox, `/v3/${path}`, { body });
    expect((await send('objects/orders', { any: 1 })).status).toBe(202);
    expect(await send('objects/products', products)).toMatchObject({
      status: 400,
      body: {
        detail: {
          invalids: [{ event: 1, message: "missing 'product_id' field" }],
        },
      },
    });
    const about = { identifier_field_name: 'email', identifier_value: 'a' };
    const row = { requester: 'brand@example.com', ...about };
    const { status, body } = await send('compliance/gdpr/delete', [row]);
    expect([status, body]).toEqual([
      202,
      { request_ids: [expect.any(String)] },
    ]);
    const [id] = body['request_ids'] as string[];
    const state = await request(sandbox, `/v3/compliance/gdpr/status/${id}`);
    expect(state).toMatchObject({ status: 200, body: { text: '"COMPLETED"' } });
    expect((await send('compliance/gdpr/forget', [row])).status).toBe(404);
  });
});
