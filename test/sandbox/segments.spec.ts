import type { OdpSandboxSegment } from 'nestjs-optimizely-odp/sandbox';
import { describe, expect, it } from 'vitest';
import { anEvent, post, request, sandboxes } from './support.js';

const DAY = 86_400;
const daysAgo = (days: number) => Math.floor(Date.now() / 1000) - days * DAY;

describe('segments', () => {
  const start = sandboxes();
  const ada = { email: 'ada@example.com' };
  const order = (data: Record<string, unknown> = {}, who = ada) => ({
    ...anEvent('purchase', who, data),
    type: 'order',
  });
  const segmentsOf = (
    sandbox: Awaited<ReturnType<typeof start>>,
    who: Record<string, string> = ada,
  ) => sandbox.customer(who)?.segments;

  it('follow from how often something happened', async () => {
    const sandbox = await start();
    sandbox.defineSegment({
      name: 'vip',
      when: { type: 'order', action: 'purchase', atLeast: 3 },
    });
    await post(sandbox, [order(), order(), anEvent('purchase')]);
    expect(segmentsOf(sandbox)).toEqual({ vip: 'not_qualified' });
    // Under another identifier that leads to the same customer.
    await post(sandbox, order({}, { ...ada, vuid: 'v' } as typeof ada));
    expect(segmentsOf(sandbox, { vuid: 'v' })).toEqual({ vip: 'qualified' });
  });

  it('follow from what happened lately, by ts if there is one', async () => {
    const sandbox = await start({
      segments: [
        {
          name: 'tea',
          when: {
            type: 'order',
            field: 'data.order.items.product_id',
            value: 'tea',
            within: '7d',
          },
        },
      ],
    });
    const tea = {
      order: { items: [{ product_id: 'cup' }, { product_id: 'tea' }] },
    };
    await post(sandbox, order({ ...tea, ts: daysAgo(8) }));
    expect(segmentsOf(sandbox)).toEqual({ tea: 'not_qualified' });
    await post(sandbox, order({ ...tea, ts: daysAgo(6) }));
    expect(segmentsOf(sandbox)).toEqual({ tea: 'qualified' });
    const iso = new Date(daysAgo(8) * 1000).toISOString();
    const bob = { email: 'bob' };
    await post(sandbox, order({ ...tea, ts: iso }, bob));
    expect(segmentsOf(sandbox, bob)).toEqual({ tea: 'not_qualified' });
    await post(sandbox, order(tea, bob));
    expect(segmentsOf(sandbox, bob)).toEqual({ tea: 'qualified' });
  });

  it('need all of their conditions', async () => {
    const sandbox = await start();
    sandbox.defineSegment({
      name: 'both',
      when: [{ type: 'order' }, { action: 'login' }],
    });
    await post(sandbox, order());
    expect(segmentsOf(sandbox)).toEqual({ both: 'not_qualified' });
    await post(sandbox, anEvent('login'));
    expect(segmentsOf(sandbox)).toEqual({ both: 'qualified' });
  });

  it('are pinned against their rule, and left to it again', async () => {
    const sandbox = await start();
    sandbox.defineSegment({ name: 'vip', when: { type: 'order' } });
    await post(sandbox, order());
    sandbox.setSegments(ada, { vip: 'not_qualified', staff: 'qualified' });
    expect(sandbox.customer(ada)).toMatchObject({
      segments: { vip: 'not_qualified', staff: 'qualified' },
      pinned: { vip: 'not_qualified', staff: 'qualified' },
    });
    sandbox.setSegments(ada, { vip: null, staff: null });
    expect(sandbox.customer(ada)).toMatchObject({
      segments: { vip: 'qualified' },
      pinned: {},
    });
  });

  it('are answered over GraphQL, members only, with a changed datafile', async () => {
    const sandbox = await start();
    const datafile = () => request(sandbox, '/datafiles/k.json');
    const before = (await datafile()).body;
    sandbox.defineSegment({ name: 'vip', when: { type: 'order' } });
    sandbox.defineSegment({ name: 'none', when: { type: 'nothing' } });
    await post(sandbox, order());
    const query = `{ customer(email: "${ada.email}") { audiences(subset: ["vip", "none"]) { edges { node { name state } } } } }`;
    const { body } = await request(sandbox, '/v3/graphql', { body: { query } });
    const node = { name: 'vip', state: 'qualified' };
    expect(body).toEqual({
      data: { customer: { audiences: { edges: [{ node }] } } },
    });
    const after = (await datafile()).body;
    expect(after['revision']).not.toBe(before['revision']);
    expect(JSON.stringify(after['typedAudiences'])).toContain('"value":"vip"');
  });

  it('are changed over the REST API, and back to the start by reset', async () => {
    const sandbox = await start({
      segments: [{ name: 'vip', when: { type: 'order' } }],
    });
    const call = (method: string, path: string, body?: unknown) =>
      request(sandbox, `/_sandbox/${path}`, { method, body });
    await post(sandbox, order());
    const tea = { description: 'Tea', when: { field: 'data.tea' } };
    expect(await call('PUT', 'segments/tea', tea)).toMatchObject({
      status: 200,
      body: { name: 'tea', ...tea },
    });
    expect((await call('GET', 'segments')).body).toEqual({
      segments: [
        { name: 'vip', when: { type: 'order' }, customers: 1 },
        { name: 'tea', ...tea, customers: 0 },
      ],
    });
    const pin = { identifiers: ada, segments: { tea: 'qualified' } };
    expect((await call('PUT', 'customer/segments', pin)).body).toMatchObject({
      segments: { vip: 'qualified', tea: 'qualified' },
      pinned: { tea: 'qualified' },
    });
    expect((await call('DELETE', 'segments/vip')).status).toBe(200);
    expect((await call('DELETE', 'segments/vip')).status).toBe(404);
    expect(segmentsOf(sandbox)).toEqual({ tea: 'qualified' });
    sandbox.reset();
    expect(sandbox.segments().map(({ name }) => name)).toEqual(['vip']);
    for (const [path, body] of [
      ['segments/Tea', tea],
      ['segments/tea', {}],
      ['customer/segments', { segments: {} }],
      ['customer/segments', { ...pin, segments: { tea: 'yes' } }],
      ['customer/segments', { ...pin, identifiers: { email: ' ' } }],
    ] as const) {
      expect((await call('PUT', path, body)).status).toBe(400);
    }
  });

  it.each<[unknown, string]>([
    [{ name: 'A', when: {} }, 'name'],
    [{ when: {} }, 'name'],
    [{ name: 'a' }, 'when'],
    [{ name: 'a', when: [] }, 'when'],
    [{ name: 'a', when: { tpye: 'x' } }, '"tpye"'],
    [{ name: 'a', when: { value: 'x' } }, 'field'],
    [{ name: 'a', when: { atLeast: 0 } }, 'atLeast'],
    [{ name: 'a', when: { within: '7 weeks' } }, 'within'],
  ])('refuses %j and names what is wrong', async (segment, named) => {
    const sandbox = await start();
    expect(() => sandbox.defineSegment(segment as OdpSandboxSegment)).toThrow(
      named,
    );
    expect(sandbox.segments()).toEqual([]);
  });
});
