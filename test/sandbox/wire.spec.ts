import { describe, expect, it } from 'vitest';
import { anEvent, post, request, sandboxes } from './support.js';

const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

describe('POST /v3/events', () => {
  const start = sandboxes();

  it("accepts an array with ODP's 202, in the order sent", async () => {
    const sandbox = await start();
    const reply = await post(sandbox, [anEvent('a'), anEvent('b')]);
    expect(reply.status).toBe(202);
    expect(reply.body).toEqual({ title: 'Accepted', status: 202, timestamp });
    expect(sandbox.events()).toMatchObject([
      { seq: 1, requestId: 1, index: 0, batchSize: 2, event: anEvent('a') },
      { seq: 2, requestId: 1, index: 1, batchSize: 2, event: anEvent('b') },
    ]);
  });

  it('accepts a single object', async () => {
    const sandbox = await start();
    expect((await post(sandbox, anEvent('a'))).status).toBe(202);
    expect(sandbox.events()).toMatchObject([{ event: { action: 'a' } }]);
  });

  it('keeps what an event holds, strange names and all', async () => {
    const sandbox = await start();
    const odd =
      '{"type":"t","identifiers":{"__proto__":"x"},"data":{"constructor":null,"ö":"✓"},"more":1}';
    await request(sandbox, '/v3/events', { body: odd });
    expect(JSON.stringify(sandbox.events()[0]!.event)).toBe(odd);
  });

  it('reads absent identifiers and data as empty: ODP documents no refusal', async () => {
    const sandbox = await start();
    expect((await post(sandbox, [{ type: 'pageview' }])).status).toBe(202);
    expect(sandbox.events()[0]!.event).toEqual({
      type: 'pageview',
      identifiers: {},
      data: {},
    });
  });

  const mixed = [
    anEvent('a'),
    { action: 'no type' },
    anEvent('b'),
    null,
    { ...anEvent('c'), type: '' },
  ];
  const invalids = [1, 3, 4].map((event) => ({
    event,
    message: "missing 'type' field",
  }));

  it('names events without a type and refuses the batch', async () => {
    const sandbox = await start();
    const reply = await post(sandbox, mixed);
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({
      title: 'Bad Request',
      status: 400,
      timestamp,
      detail: { invalids },
    });
    expect(sandbox.events()).toEqual([]);
  });

  it('accepts the others where it is told to', async () => {
    const sandbox = await start({ onInvalid: 'keep-valid' });
    const reply = await post(sandbox, mixed);
    expect(reply).toMatchObject({
      status: 400,
      body: { detail: { invalids } },
    });
    expect(sandbox.events()).toMatchObject([
      { index: 0, batchSize: 5, event: { action: 'a' } },
      { index: 2, batchSize: 5, event: { action: 'b' } },
    ]);
    expect(sandbox.requests()).toMatchObject([
      { status: 400, batchSize: 5, accepted: 2 },
    ]);
  });

  it.each(['[{', '', '"text"', '42', 'null'])(
    'cannot parse %j',
    async (body) => {
      const sandbox = await start();
      const reply = await request(sandbox, '/v3/events', {
        method: 'POST',
        body,
      });
      expect(reply).toMatchObject({
        status: 400,
        body: { detail: { message: 'Unable to parse request body.' } },
      });
    },
  );

  it('refuses more than 500 events in one request', async () => {
    const sandbox = await start();
    const events = Array.from({ length: 501 }, (_, i) => anEvent(`${i}`));
    expect(await post(sandbox, events)).toMatchObject({
      status: 400,
      body: { detail: { message: expect.stringContaining('500') } },
    });
    expect((await post(sandbox, events.slice(1))).status).toBe(202);
    expect(sandbox.events()).toHaveLength(500);
  });

  it('answers 413 past its bound, and goes on', async () => {
    const sandbox = await start({ maxBodyBytes: 1000 });
    const tooLong = anEvent('a', { email: 'x'.repeat(1_000_000) });
    expect(await post(sandbox, tooLong)).toMatchObject({ status: 413 });
    expect((await post(sandbox, anEvent('b'))).status).toBe(202);
    expect(sandbox.events()).toHaveLength(1);
  });

  it('marks what it had accepted before as a duplicate', async () => {
    const sandbox = await start();
    const event = anEvent('a', undefined, { idempotence_id: 'one' });
    await post(sandbox, [event, anEvent('b'), event]);
    await post(sandbox, event);
    expect(sandbox.events().map((e) => [e.duplicate, e.duplicateOf])).toEqual([
      [false, undefined],
      [false, undefined],
      [true, 1],
      [true, 3],
    ]);
  });
});

describe('the API key', () => {
  const start = sandboxes();

  it.each<Record<string, string>>([{}, { 'x-api-key': 'other' }])(
    'refuses %j when one is set',
    async (headers) => {
      const sandbox = await start({ apiKey: 'right' });
      const body = anEvent('a');
      expect(
        await request(sandbox, '/v3/events', { body, headers }),
      ).toMatchObject({ status: 403, body: { message: 'Forbidden' } });
      expect(sandbox.events()).toEqual([]);
    },
  );

  it('accepts the one that is set, and any when none is', async () => {
    const body = anEvent('a');
    const headers = { 'x-api-key': 'right' };
    for (const options of [{ apiKey: 'right' }, {}]) {
      const sandbox = await start(options);
      const reply = await request(sandbox, '/v3/events', { body, headers });
      expect(reply.status).toBe(202);
      expect(sandbox.requests()[0]!.headers['x-api-key']).toBe('right');
    }
  });
});

describe('POST /v3/graphql', () => {
  const start = sandboxes();
  const query = `query($userId: String, $audiences: [String]) {
    customer(fs_user_id: $userId) {
      audiences(subset: $audiences) { edges { node { name state } } }
    }
  }`;
  const ask = (sandbox: Awaited<ReturnType<typeof start>>, body: unknown) =>
    request(sandbox, '/v3/graphql', { body });

  it("answers a customer's audiences, by variables or literals", async () => {
    const sandbox = await start();
    sandbox.setAudiences(
      { fs_user_id: 'u1' },
      { vip: 'qualified', churned: 'not_qualified', other: 'qualified' },
    );
    const answer = {
      customer: {
        audiences: {
          edges: [
            { node: { name: 'vip', state: 'qualified' } },
            { node: { name: 'churned', state: 'not_qualified' } },
          ],
        },
      },
    };
    const variables = { userId: 'u1', audiences: ['vip', 'churned', 'nobody'] };
    const literal =
      '{customer(fs_user_id:"u1"){audiences(subset:["vip", "churned"]){edges{node{name state}}}}}';
    for (const body of [{ query, variables }, { query: literal }]) {
      const reply = await ask(sandbox, body);
      expect(reply.status).toBe(200);
      expect(reply.body).toEqual({ data: answer });
    }
  });

  it('finds the customer by any identifier that was stitched to it', async () => {
    const sandbox = await start();
    sandbox.setAudiences({ email: 'a@example.com' }, ['vip']);
    await post(
      sandbox,
      anEvent('a', { fs_user_id: 'u1', email: 'a@example.com' }),
    );
    const variables = { userId: 'u1', audiences: ['vip'] };
    expect(await ask(sandbox, { query, variables })).toMatchObject({
      body: {
        data: {
          customer: { audiences: { edges: [{ node: { name: 'vip' } }] } },
        },
      },
    });
  });

  it('does not know a customer that nobody has told it of', async () => {
    const sandbox = await start();
    const variables = { userId: 'nobody', audiences: ['vip'] };
    expect(await ask(sandbox, { query, variables })).toMatchObject({
      status: 200,
      body: {
        errors: [{ extensions: { code: 'INVALID_IDENTIFIER_EXCEPTION' } }],
        data: { customer: null },
      },
    });
  });

  it('says which query it knows when it is asked another', async () => {
    const sandbox = await start();
    const reply = await ask(sandbox, { query: '{ events { type } }' });
    expect(reply).toMatchObject({ status: 400 });
    expect(JSON.stringify(reply.body)).toContain('audiences(subset');
  });
});

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

describe('anything else', () => {
  const start = sandboxes();

  it("is ODP's 404", async () => {
    const sandbox = await start();
    for (const path of ['/v3/objects/products', '/v3/eventss', '/v3/']) {
      const reply = await request(sandbox, path, { body: [] });
      expect(reply).toMatchObject({
        status: 404,
        body: { title: 'Not Found', detail: { message: expect.any(String) } },
      });
    }
  });
});
