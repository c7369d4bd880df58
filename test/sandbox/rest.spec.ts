import { describe, expect, it } from 'vitest';
import { anEvent, post, request, sandboxes } from './support.js';

const actions = (body: Record<string, unknown>) =>
  (body['events'] as { event: { action: string } }[]).map(
    ({ event }) => event.action,
  );

describe('the REST API', () => {
  const start = sandboxes();
  const call = (
    sandbox: Awaited<ReturnType<typeof start>>,
    method: string,
    path: string,
    body?: unknown,
  ) => request(sandbox, `/_sandbox/${path}`, { method, body });

  it('lists events, those of a pattern, and those after one', async () => {
    const sandbox = await start();
    await post(sandbox, [anEvent('a'), anEvent('b'), anEvent('c')]);
    const all = await call(sandbox, 'GET', 'events');
    expect(all.status).toBe(200);
    expect(all.body).toMatchObject({
      events: [{ seq: 1, event: anEvent('a') }, { seq: 2 }, { seq: 3 }],
      totals: { events: 3, duplicates: 0, requests: 1, refused: 0 },
    });
    const listed = async (query: string) =>
      actions((await call(sandbox, 'GET', `events?${query}`)).body);
    expect(await listed('action=b')).toEqual(['b']);
    expect(await listed('type=shop&after=1&limit=1')).toEqual(['b']);
    expect(
      await listed('field=identifiers.email&value=ada@example.com'),
    ).toEqual(['a', 'b', 'c']);
    expect(await listed('field=identifiers.vuid')).toEqual([]);
  });

  it('waits for events, here or to come', async () => {
    const sandbox = await start();
    await post(sandbox, anEvent('a'));
    const here = await call(sandbox, 'GET', 'wait?action=a');
    expect(actions(here.body)).toEqual(['a']);
    const coming = call(sandbox, 'GET', 'wait?count=2&after=1&timeout=60000');
    await post(sandbox, anEvent('b'));
    await post(sandbox, [anEvent('c'), anEvent('d')]);
    expect(actions((await coming).body)).toEqual(['b', 'c']);
  });

  it('answers 408 if they do not come', async () => {
    const sandbox = await start();
    const reply = await call(sandbox, 'GET', 'wait?action=a&timeout=1');
    expect(reply.status).toBe(408);
    expect(reply.body['message']).toContain('No sign of an event');
  });

  it('lists requests and customers', async () => {
    const sandbox = await start();
    await post(sandbox, anEvent('a', { email: 'ada@example.com', vuid: 'v' }));
    await post(sandbox, 'nonsense');
    expect((await call(sandbox, 'GET', 'requests')).body).toMatchObject({
      requests: [
        { id: 1, status: 202, path: '/v3/events' },
        { id: 2, status: 400 },
      ],
    });
    expect((await call(sandbox, 'GET', 'requests?after=1')).body).toMatchObject(
      { requests: [{ id: 2 }] },
    );
    const { body } = await call(sandbox, 'GET', 'customers');
    expect(body).toMatchObject({
      customers: [{ identifiers: { vuid: ['v'] }, events: [{ seq: 1 }] }],
    });
    const one = await call(sandbox, 'GET', 'customer?vuid=v');
    expect(one.body).toEqual((body['customers'] as object[])[0]);
    expect((await call(sandbox, 'GET', 'customer?vuid=w')).status).toBe(404);
  });

  it('sets faults and ends them', async () => {
    const sandbox = await start();
    const added = await call(sandbox, 'POST', 'faults', { status: 503 });
    expect(added.status).toBe(201);
    await call(sandbox, 'POST', 'faults', { latency: 1 });
    expect((await call(sandbox, 'GET', 'faults')).body).toMatchObject({
      faults: [{ id: 1, description: '503 Service Unavailable' }, { id: 2 }],
    });
    await call(sandbox, 'DELETE', `faults/${String(added.body['id'])}`);
    expect(sandbox.faults()).toHaveLength(1);
    await call(sandbox, 'DELETE', 'faults');
    expect(sandbox.faults()).toEqual([]);
  });

  it('needs no content type if a browser asks before it sends', async () => {
    const sandbox = await start();
    sandbox.fail({ status: 500 });
    const url = `${sandbox.url}/_sandbox/faults`;
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(200);
    expect(sandbox.faults()).toEqual([]);
  });

  it('brings back what was cleared, in front of what came since', async () => {
    const sandbox = await start();
    const known = anEvent('a', { email: 'e' }, { idempotence_id: 'one' });
    await post(sandbox, known);
    await post(sandbox, 'nonsense');
    await request(sandbox, '/v3/profiles', {
      body: { attributes: { email: 'e', city: 'Paris' } },
    });
    expect((await call(sandbox, 'POST', 'clear', {})).body).toEqual({
      events: 1,
      requests: 3,
    });
    expect(sandbox.events()).toEqual([]);
    expect(sandbox.customers()).toEqual([]);
    await post(sandbox, anEvent('b'));

    const { body } = await call(sandbox, 'POST', 'restore', {});
    expect(body).toEqual({
      totals: { events: 2, duplicates: 0, requests: 4, refused: 1 },
    });
    expect(sandbox.events().map(({ event }) => event.action)).toEqual([
      'a',
      'b',
    ]);
    expect(sandbox.requests().map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    expect(sandbox.customer({ email: 'e' })).toMatchObject({
      attributes: { city: 'Paris' },
      events: [{ seq: 1 }],
    });
    await post(sandbox, known);
    expect(sandbox.events().at(-1)).toMatchObject({ duplicateOf: 1 });
    expect((await call(sandbox, 'POST', 'restore', {})).status).toBe(409);
  });

  it('restores nothing that a test has reset', async () => {
    const sandbox = await start();
    await post(sandbox, anEvent('a'));
    sandbox.reset();
    expect((await call(sandbox, 'POST', 'restore', {})).status).toBe(409);
  });

  it.each([
    ['GET', 'events?limit=x', 'limit'],
    ['GET', 'events?tpye=a', '"tpye"'],
    ['GET', 'wait?value=a', 'field'],
    ['GET', 'wait?count=-1', 'count'],
  ])('refuses %s %s and names what is wrong', async (method, path, named) => {
    const reply = await call(await start(), method, path);
    expect(reply.status).toBe(400);
    expect(reply.body['message']).toContain(named);
  });
});
