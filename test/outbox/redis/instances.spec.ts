import { randomUUID } from 'node:crypto';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  deliverAll,
  failureOf,
  idsOf,
  LEASE,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { redisService } from '../../support/services.js';
import {
  OdpConfigurationError,
  OdpOutboxError,
} from '../../../src/errors/index.js';
import type { OdpOutbox } from '../../../src/outbox/outbox.js';
import { redisOutbox } from '../../../src/outbox/redis/index.js';

const service = await redisService();

describe('redisOutbox: options', () => {
  it('names what is wrong', () => {
    const client = new Redis({ lazyConnect: true });
    for (const key of ['', 'a{b', 'a}b']) {
      expect(() => redisOutbox({ client, key })).toThrow(OdpConfigurationError);
    }
    const nothing = undefined as unknown as Redis;
    expect(() => redisOutbox({ client: nothing, key: '' })).toThrow(
      /redisOutbox\.client.*redisOutbox\.key/s,
    );
  });

  it('takes a Cluster as well', () => {
    const client = new Cluster([], { lazyConnect: true });
    expect(redisOutbox({ client, key: 'emea' }).name).toBe('redis (emea)');
  });
});

describe.skipIf(service === undefined)('redisOutbox: instances', () => {
  const key = `odp-instances-${randomUUID()}`;
  const events = `{${key}}:events`;
  const app = new Redis(service?.url ?? '', { lazyConnect: true });
  const opened: OdpOutbox[] = [];
  const clients: Redis[] = [];

  /** One more process of the app, as far as Redis can tell. */
  async function instance(options: { keyPrefix?: string } = {}) {
    const client = new Redis(service?.url ?? '', options);
    clients.push(client);
    const outbox = redisOutbox({ client, key });
    await outbox.open(quietContext());
    opened.push(outbox);
    return outbox;
  }

  /** Without those that go after an hour. */
  async function keysLeft() {
    const keys = await app.keys(`{${key}}*`);
    return keys.filter((name) => !name.includes(':last-append:'));
  }

  afterEach(async () => {
    for (const outbox of opened.splice(0)) await outbox.close();
    await Promise.all(clients.splice(0).map((client) => client.quit()));
    const keys = await app.keys(`*{${key}}*`);
    if (keys.length > 0) await app.del(keys);
  });

  afterAll(async () => {
    await app.quit();
    await service?.stop();
  });

  it('asks for no more after a hundred checkpoints than after one', async () => {
    const asked: number[] = [];
    const client = new Redis(service?.url ?? '');
    clients.push(client);
    const outbox = redisOutbox({
      key,
      client: {
        get status() {
          return client.status;
        },
        connect: () => client.connect(),
        call: (command, args) => {
          asked.push(args.length);
          return client.call(command, args);
        },
        on: (event, listener) => client.on(event, listener),
        off: (event, listener) => client.off(event, listener),
      },
    });
    await outbox.open(quietContext());
    opened.push(outbox);
    const lengths: number[] = [];
    for (let times = 0; times < 100; times++) {
      await outbox.append(someEvents(1));
      const checkpoint = await outbox.checkpoint();
      expect(await checkpoint.pending()).toBe(1);
      await outbox.acknowledge(await outbox.claim({ limit: 1, lease: LEASE }));
      expect(await checkpoint.pending()).toBe(0);
      lengths.push(asked.at(-1) ?? 0);
    }
    expect(lengths.at(-1)).toBe(lengths[0]);
  });

  it('counts what a flush waits for although it is asked twice at once', async () => {
    const outbox = await instance();
    await outbox.append(someEvents(1, 'delivered'));
    await outbox.checkpoint();
    await outbox.append(someEvents(1, 'pending'));
    const flush = await outbox.checkpoint();
    await outbox.acknowledge(await outbox.claim({ limit: 1, lease: LEASE }));
    expect(await Promise.all([flush.pending(), flush.pending()])).toEqual([
      1, 1,
    ]);
    const next = await outbox.checkpoint();
    expect(await next.pending()).toBe(1);
  });

  it('shows an operator what waits and what is claimed', async () => {
    const outbox = await instance();
    await outbox.append(someEvents(3));
    const [event] = await outbox.claim({ limit: 1, lease: LEASE });
    const claims = `{${key}}:claims`;
    expect(await app.hget(`{${key}}:meta`, 'pending')).toBe('3');
    expect(await app.zrange(`{${key}}:waiting`, 0, -1)).toEqual([
      expect.stringMatching(/^\d{13}-000000000002-2-\d+$/),
    ]);
    expect(await app.hvals(claims)).toEqual([
      expect.stringMatching(/^\d{13}-000000000001-1-\d+$/),
    ]);
    await outbox.release([event!], { delay: LEASE, failed: true });
    expect(await app.zcard(`{${key}}:delayed`)).toBe(1);
    expect(await app.exists(claims)).toBe(0);
  });

  it('stores a list of 100,000 in whole, and lets others in between', async () => {
    const [one, other] = [await instance(), await instance()];
    const long = one.append(someEvents(100_000, 'long'));
    await other.append(someEvents(1, 'between'));
    expect(await other.counts()).toMatchObject({ pending: 1 });
    await long;
    expect(await other.counts()).toMatchObject({ pending: 100_001 });
    const flush = await one.checkpoint();
    expect(await flush.pending()).toBe(100_000);
    const { claimed } = await deliverAll([one, other]);
    expect(claimed).toHaveLength(100_001);
    expect(new Set(claimed).size).toBe(100_001);
    expect(await flush.pending()).toBe(0);
    expect(await keysLeft()).toEqual([`{${key}}:meta`]);
  });

  it('claims a long list before what came later, however much that is', async () => {
    const outbox = await instance();
    const list = someEvents(2000, 'list');
    await outbox.append(list);
    const [appended] = await app.lrange(`{${key}}:batches`, 0, 0);
    const ms = Number.parseInt(appended ?? '', 10);
    await expect
      .poll(async () => Number((await app.time())[0]) * 1000)
      .toBeGreaterThan(ms);
    for (const event of someEvents(3, 'later')) await outbox.append([event]);
    const claim = { limit: 3, lease: LEASE };
    const minAge = ((await outbox.counts()).oldestAge ?? 0) - 1;
    // As the search for events that are too old does.
    const old = await outbox.claim({ ...claim, minAge });
    expect(idsOf(old)).toEqual(idsOf(list.slice(0, 3)));
    expect(idsOf(await outbox.claim(claim))).toEqual(idsOf(list.slice(3, 6)));
  });

  it('keeps what became of awaited events for an hour, though no others follow', async () => {
    const outbox = await instance();
    const receipt = randomUUID();
    await outbox.append(someEvents(1).map((event) => ({ ...event, receipt })));
    await outbox.acknowledge(await outbox.claim({ limit: 1, lease: LEASE }));
    expect(await outbox.outcomes([receipt])).toHaveLength(1);
    for (const name of ['outcomes', 'outcome-times']) {
      const left = await app.pttl(`{${key}}:${name}`);
      expect(left).toBeGreaterThan(3_000_000);
      expect(left).toBeLessThanOrEqual(3_600_000);
    }
  });

  it('goes on with what comes next after a flush', async () => {
    const outbox = await instance();
    await outbox.append(someEvents(1));
    await app.del(await app.keys(`{${key}}*`));
    expect(await outbox.claim({ limit: 9, lease: LEASE })).toEqual([]);
    await outbox.append(someEvents(1, 'next'));
    expect(idsOf(await outbox.claim({ limit: 9, lease: LEASE }))).toEqual([
      'next-0',
    ]);
  });

  it('refuses what another version of this package has stored', async () => {
    await app.hset(`{${key}}:meta`, 'format', '99');
    await expect(instance()).rejects.toThrow(/format 99.*another key/s);
  });

  it('refuses to serve two accounts, and to join a transaction', async () => {
    const outbox = await instance();
    await expect(outbox.open(quietContext())).rejects.toThrow(OdpOutboxError);
    const joining = () => outbox.append(someEvents(1), { transaction: {} });
    expect(String(await failureOf(joining))).toContain('postgresOutbox');
  });

  it("keeps to the client's key prefix", async () => {
    const outbox = await instance({ keyPrefix: 'app:' });
    await outbox.append(someEvents(1));
    expect(await app.exists(`app:${events}`)).toBe(1);
    expect(await deliverAll([outbox])).toMatchObject({ acknowledged: 1 });
  });

  it('finds every dead letter of an id, and forgets each with its letter', async () => {
    const outbox = await instance();
    const twins = [...someEvents(2, 'x'), ...someEvents(2, 'x')];
    await outbox.append(twins);
    const claimed = await outbox.claim({ limit: 9, lease: LEASE });
    for (const event of claimed) {
      await outbox.deadLetter([event], { reason: 'expired', message: 'no' });
    }
    const found = async (...ids: string[]) =>
      idsOf(await outbox.deadLetters({ ids }, { limit: 9 }));
    expect(await found('x-1', 'x-0', 'x-1')).toEqual(idsOf(twins));
    const [first] = await outbox.deadLetters({}, { limit: 1 });
    expect(
      await outbox.purge({ ids: ['x-0'], before: first?.deadLetteredAt ?? 0 }),
    ).toBe(0);
    expect(await outbox.requeue({ ids: ['x-0'] })).toBe(2);
    expect(await found('x-0', 'x-1')).toEqual(['x-1', 'x-1']);
    expect(await outbox.purge({})).toBe(2);
    expect(await deliverAll([outbox])).toMatchObject({ acknowledged: 2 });
    expect(await keysLeft()).toEqual([`{${key}}:meta`]);
  });
});
