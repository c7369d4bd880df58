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

  it('accepts the others if the option says so', async () => {
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

describe('anything else', () => {
  const start = sandboxes();

  it("is ODP's 404", async () => {
    const sandbox = await start();
    for (const path of ['/v3/exports', '/v3/objects', '/v3/eventss', '/v3/']) {
      const reply = await request(sandbox, path, { body: [] });
      expect(reply).toMatchObject({
        status: 404,
        body: { title: 'Not Found', detail: { message: expect.any(String) } },
      });
    }
  });
});
