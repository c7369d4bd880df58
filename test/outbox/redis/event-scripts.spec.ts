import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import * as scripts from '../../../src/outbox/redis/event-scripts.js';
import { startRedis } from '../../support/services.js';

const server = await startRedis(
  '--maxmemory',
  '16mb',
  '--maxmemory-policy',
  'noeviction',
);

const MANY = 1_000_000;
const LEASE = 60_000;

describe.skipIf(server === undefined)('scripts of pending events', () => {
  const client = new Redis(server?.url ?? '', { lazyConnect: true });
  let key = '';

  beforeEach(() => {
    key = randomUUID();
  });

  afterAll(async () => {
    client.disconnect();
    await server?.stop();
  });

  const run = (
    { source }: { source: string },
    ...args: (string | number)[]
  ): Promise<unknown> => {
    const keys = scripts.EVENT_KEYS.map((name) => `{${key}}:${name}`);
    return client.call('eval', [source, keys.length, ...keys, ...args]);
  };

  const append = (
    ...events: [id: string, payload: string, receipt?: string][]
  ) =>
    run(
      scripts.append,
      ...events.map(([id, payload, receipt]) => {
        const header = [id, 1, ...(receipt === undefined ? [] : [receipt])];
        return `${JSON.stringify(header)}\n${payload}`;
      }),
    );

  async function claim({
    limit = 500,
    maxBytes = MANY,
    lease = LEASE,
    minAge = 0,
  } = {}) {
    const answer = (await run(
      scripts.claim,
      limit,
      maxBytes,
      lease,
      minAge,
    )) as [string, number, ...string[]];
    const [token, , ...rest] = answer;
    const events = [];
    for (let i = 0; i < rest.length; i += 3) {
      const [header = '', payload] = (rest[i + 1] ?? '').split('\n');
      const [id] = JSON.parse(header) as [string];
      events.push({
        id,
        payload,
        failed: rest[i + 2],
        held: [rest[i] ?? '', token],
      });
    }
    return events;
  }

  type Claimed = Awaited<ReturnType<typeof claim>>;
  const heldBy = (events: Claimed) => events.flatMap(({ held }) => held);
  const idsOf = (events: Claimed) => events.map(({ id }) => id);

  it('gives each event to one claimer, oldest first, and forgets what was acknowledged', async () => {
    await append(['a', '1'], ['b', '2'], ['b', '3']);
    const first = await claim({ limit: 2 });
    const second = await claim();
    expect(idsOf(first)).toEqual(['a', 'b']);
    expect(second.map(({ payload }) => payload)).toEqual(['3']);
    expect(await run(scripts.acknowledge, ...heldBy(first))).toBe(2);
    expect(await run(scripts.acknowledge, ...heldBy(first))).toBe(0);
    expect(await run(scripts.acknowledge, ...heldBy(second))).toBe(1);
    expect(await client.hlen(`{${key}}:events`)).toBe(0);
  });

  it('ignores a claim whose event has passed to another', async () => {
    await append(['a', '1']);
    const lost = await claim({ lease: 0 });
    const held = await claim();
    expect(idsOf(held)).toEqual(['a']);
    expect(await run(scripts.acknowledge, ...heldBy(lost))).toBe(0);
    expect(await run(scripts.release, 0, 1, ...heldBy(lost))).toBe(0);
    expect(await claim()).toEqual([]);
    expect(await run(scripts.acknowledge, ...heldBy(held))).toBe(1);
  });

  it('counts failed attempts, and keeps what was released back for its delay', async () => {
    await append(['a', '1'], ['b', '2']);
    const [a, b] = (await claim()) as [Claimed[0], Claimed[0]];
    await run(scripts.release, 0, 1, ...a.held);
    await run(scripts.release, 60_000, 0, ...b.held);
    const again = await claim();
    expect(again).toMatchObject([{ id: 'a', failed: '1' }]);
  });

  it('stops before maxBytes, but lets an event larger than that out alone', async () => {
    await append(['a', 'x'.repeat(50)], ['b', 'y'.repeat(8)], ['c', 'zzz']);
    expect(idsOf(await claim({ maxBytes: 10 }))).toEqual(['a']);
    expect(idsOf(await claim({ maxBytes: 10 }))).toEqual(['b']);
    expect(idsOf(await claim({ maxBytes: 10 }))).toEqual(['c']);
  });

  it('leaves young events alone if asked for old ones, also after a release', async () => {
    await append(['a', '1']);
    expect(await claim({ minAge: 60_000 })).toEqual([]);
    await run(scripts.release, 0, 0, ...heldBy(await claim()));
    expect(await claim({ minAge: 60_000 })).toEqual([]);
    expect(idsOf(await claim())).toEqual(['a']);
  });

  it('knows of awaited events only what happened to them', async () => {
    await append(['a', '1', 'r1'], ['b', '2', 'r2']);
    await run(scripts.acknowledge, ...heldBy(await claim({ limit: 1 })));
    expect(await run(scripts.outcomesOf, 'r1', 'r2', 'r3')).toEqual([
      'delivered',
      null,
      null,
    ]);
  });

  it('lets events out of a Redis at maxmemory, which takes none in', async () => {
    const fill = async () => {
      const payload = 'x'.repeat(50_000);
      for (;;) await append(['a', payload, randomUUID()]);
    };
    await expect(fill()).rejects.toThrow('OOM');
    const pending = await client.hlen(`{${key}}:events`);
    await client.config('SET', 'maxmemory', '1mb');

    await run(scripts.release, 0, 1, ...heldBy(await claim({ limit: 5 })));
    let out = 0;
    for (;;) {
      const claimed = await claim();
      if (claimed.length === 0) break;
      out += (await run(scripts.acknowledge, ...heldBy(claimed))) as number;
    }
    expect(out).toBe(pending);
  });
});
