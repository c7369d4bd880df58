import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  claimOnceDue,
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

  it('hands 5,000 events to four instances, each to one of them', async () => {
    const outboxes = await Promise.all([1, 2, 3, 4].map(() => instance()));
    await Promise.all(
      outboxes.map(async (outbox, index) => {
        await outbox.append(someEvents(1250, `from-${index}`));
      }),
    );
    const { claimed, acknowledged } = await deliverAll(outboxes);
    expect(new Set(claimed).size).toBe(5000);
    expect(claimed).toHaveLength(5000);
    expect(acknowledged).toBe(5000);
    expect(await outboxes[0]?.counts()).toMatchObject({ pending: 0 });
    // Nothing is left behind but the format and the counters.
    expect(await app.keys(`{${key}}*`)).toEqual([`{${key}}:meta`]);
  });

  it('passes on what a dead instance held, by the clock of Redis, and ignores that one', async () => {
    const [dead, heir] = [await instance(), await instance()];
    await dead.append(someEvents(20));
    const lost = await dead.claim({ limit: 20, lease: 1 });
    const taken = await claimOnceDue(heir);
    expect(idsOf(taken)).toEqual(idsOf(lost));
    expect(await dead.acknowledge(lost)).toBe(0);
    await dead.release(lost, { delay: 0, failed: true });
    expect(
      await dead.deadLetter(lost, { reason: 'expired', message: 'late' }),
    ).toBe(0);
    expect(await heir.claim({ limit: 20, lease: LEASE })).toEqual([]);
    expect(await heir.acknowledge(taken)).toBe(20);
  });

  it('lets each claim have the lease that it asked for', async () => {
    const [patient, hasty] = [await instance(), await instance()];
    await patient.append(someEvents(2));
    const long = await patient.claim({ limit: 1, lease: LEASE });
    await hasty.claim({ limit: 1, lease: 1 });
    expect(idsOf(await claimOnceDue(hasty))).toEqual(['event-1']);
    expect(await patient.acknowledge(long)).toBe(1);
  });

  it('shows an operator what waits and what is claimed', async () => {
    const outbox = await instance();
    await outbox.append(someEvents(3));
    await outbox.claim({ limit: 1, lease: LEASE });
    const sizes = [
      await app.hlen(events),
      await app.zcard(`{${key}}:waiting`),
      await app.zcard(`{${key}}:due`),
    ];
    expect(sizes).toEqual([3, 2, 1]);
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
    expect(await app.keys(`{${key}}*`)).toEqual([`{${key}}:meta`]);
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
    await expect(
      outbox.append(someEvents(1), { transaction: {} }),
    ).rejects.toThrow(/postgresOutbox/);
  });

  it('tells of an error without what the events hold', async () => {
    const outbox = await instance();
    await app.del(events);
    await app.set(events, 'not a hash');
    const secret = {
      id: 'a',
      payload: '{"email":"jane@acme.example"}',
      createdAt: 0,
    };
    const error = await failureOf(() => outbox.append([secret]));
    expect(error).toBeInstanceOf(OdpOutboxError);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(
      'jane',
    );
    expect((error as Error).message).toContain('WRONGTYPE');
  });

  it("keeps to the client's key prefix", async () => {
    const outbox = await instance({ keyPrefix: 'app:' });
    await outbox.append(someEvents(1));
    expect(await app.exists(`app:${events}`)).toBe(1);
    expect(await deliverAll([outbox])).toMatchObject({ acknowledged: 1 });
  });

  it('keeps any id, and finds it again', async () => {
    const outbox = await instance();
    const ids = ['\0', '"', '\ud800', 'ü😀', ' '.repeat(5000)];
    await outbox.append(ids.map((id) => ({ id, payload: '{}', createdAt: 1 })));
    const claimed = await outbox.claim({ limit: 9, lease: LEASE });
    expect(idsOf(claimed)).toEqual(ids);
    await outbox.deadLetter(claimed, {
      reason: 'expired',
      message: '\0"\ud800',
    });
    const letters = await outbox.deadLetters(
      { ids: ['\0', '\ud800'] },
      { limit: 9 },
    );
    expect(letters.map(({ id, message }) => [id, message])).toEqual([
      ['\0', '\0"\ud800'],
      ['\ud800', '\0"\ud800'],
    ]);
    expect(await outbox.counts()).toMatchObject({ pending: 0 });
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
    expect(await app.keys(`{${key}}*`)).toEqual([`{${key}}:meta`]);
  });

  it('looks through many dead letters page by page', async () => {
    const outbox = await instance();
    await outbox.append(someEvents(900));
    for (const reason of ['rejected', 'expired', 'rejected'] as const) {
      const claimed = await outbox.claim({ limit: 300, lease: LEASE });
      expect(await outbox.deadLetter(claimed, { reason, message: 'no' })).toBe(
        300,
      );
    }
    expect(
      await outbox.deadLetters({ reason: 'rejected' }, { limit: 450 }),
    ).toHaveLength(450);
    expect(await outbox.requeue({ reason: 'rejected' })).toBe(600);
    expect(await outbox.purge({})).toBe(300);
    expect(await outbox.counts()).toMatchObject({
      pending: 600,
      deadLetters: 0,
    });
  });
});
