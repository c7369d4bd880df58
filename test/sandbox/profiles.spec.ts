import { describe, expect, it } from 'vitest';
import { anEvent, post, request, sandboxes } from './support.js';

const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

describe('/v3/profiles', () => {
  const start = sandboxes();

  it('stores attributes and reads them by any identifier of the customer', async () => {
    const sandbox = await start({ identifiers: ['loyalty_id'] });
    const reply = await request(sandbox, '/v3/profiles', {
      body: [
        { attributes: { email: 'a@example.com', first_name: 'A', city: 'X' } },
        { attributes: { loyalty_id: '7', email: 'a@example.com', city: 'Y' } },
      ],
    });
    expect(reply).toMatchObject({ status: 202, body: { title: 'Accepted' } });
    const read = await request(sandbox, '/v3/profiles?loyalty_id=7');
    expect(read.status).toBe(202);
    expect(read.body).toEqual({
      attributes: {
        email: 'a@example.com',
        loyalty_id: '7',
        first_name: 'A',
        city: 'Y',
      },
    });
  });

  it('answers 404 for a stranger, and 400 for a body or query that it cannot read', async () => {
    const sandbox = await start();
    const statuses = await Promise.all([
      request(sandbox, '/v3/profiles?email=nobody'),
      request(sandbox, '/v3/profiles'),
      request(sandbox, '/v3/profiles', { body: [{ email: 'a' }] }),
    ]).then((replies) => replies.map(({ status }) => status));
    expect(statuses).toEqual([404, 400, 400]);
  });
});

describe('what is wrong with a profile', () => {
  const start = sandboxes();
  const profiles = [
    { attributes: { email: 'a' } },
    { email: 'b' },
    { attributes: { city: 'Paris' } },
    { attributes: { email: 'c', city: 'Oslo' } },
  ];
  const messages = [
    { event: 1, message: "missing 'attributes' field" },
    { event: 2, message: 'missing identifier' },
  ];

  it('is named by its place, and the batch refused', async () => {
    const sandbox = await start();
    const reply = await request(sandbox, '/v3/profiles', { body: profiles });
    expect(reply).toMatchObject({
      status: 400,
      body: { detail: { invalids: messages } },
    });
    expect(sandbox.customers()).toEqual([]);
  });

  it('costs the others nothing if the option says so', async () => {
    const sandbox = await start({ onInvalid: 'keep-valid' });
    sandbox.fail({
      invalid: { field: 'attributes.city', value: 'Oslo' },
      message: 'No.',
    });
    const reply = await request(sandbox, '/v3/profiles', { body: profiles });
    expect(reply.body['detail']).toEqual({
      invalids: [...messages, { event: 3, message: 'No.' }],
    });
    expect(sandbox.customers()).toMatchObject([
      { identifiers: { email: ['a'] } },
    ]);
  });
});

describe('/v3/lists', () => {
  const start = sandboxes();

  it('makes lists, subscribes customers, and shows both', async () => {
    const sandbox = await start();
    const post202 = async (path: string, body: unknown) => {
      const reply = await request(sandbox, path, { body });
      expect(reply.status).toBe(202);
      return reply.body;
    };
    const name = 'Tea News';
    const list = { list_id: 'tea_news', name };
    expect(await post202('/v3/lists', { name })).toEqual({ created: list });
    expect((await request(sandbox, '/v3/lists')).body).toEqual({
      lists: [{ ...list, created_at: timestamp }],
    });
    const rows = [
      { list_id: 'tea_news', email: 'a', subscribed: true },
      { list_id: 'sms', email: 'a', subscribed: true },
      { list_id: 'sms', email: 'a', subscribed: false },
    ];
    expect(await post202('/v3/lists/subscriptions', rows)).toEqual({
      updates: rows,
    });
    await post(sandbox, anEvent('login', { email: 'a', vuid: 'v' }));
    const read = await request(sandbox, '/v3/lists/subscriptions?vuid=v');
    expect(read).toMatchObject({
      status: 202,
      body: {
        customer: { vuid: 'v' },
        subscriptions: [
          { ...list, subscribed: true, ts_status_updated: timestamp },
          { list_id: 'sms', subscribed: false },
        ],
      },
    });
  });

  it('says which row is wrong, and whom it does not know', async () => {
    const sandbox = await start();
    const body = [
      { list_id: 'a', email: 'a', subscribed: true },
      { list_id: 'a', email: 'a' },
      { email: 'a', subscribed: true },
      { list_id: 'a', email: ' ', subscribed: true },
    ];
    const path = '/v3/lists/subscriptions';
    const reply = await request(sandbox, path, { body });
    expect(reply.status).toBe(400);
    expect(reply.body['detail']).toMatchObject({
      invalids: [
        { event: 1, message: "missing 'subscribed' field" },
        { event: 2, message: "missing 'list_id' field" },
        { event: 3, message: 'missing identifier' },
      ],
    });
    expect((await request(sandbox, `${path}?email=a`)).status).toBe(404);
    expect((await request(sandbox, '/v3/lists', { body: {} })).status).toBe(
      400,
    );
  });
});
