import { randomUUID } from 'node:crypto';
import { Cluster } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import {
  deliverAll,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { RedisClock } from '../../support/redis-clock.js';
import { startRedisCluster } from '../../support/services.js';
import { outboxContract } from '../../../src/testing/index.js';
import { redisOutbox } from '../../../src/outbox/redis/index.js';

const servers = await startRedisCluster();

describe.skipIf(servers === undefined)('redisOutbox: Redis Cluster', () => {
  const client = new Cluster(
    servers?.ports.map((port) => ({ host: '127.0.0.1', port })) ?? [],
    { lazyConnect: true },
  );
  const clock = new RedisClock(client);
  let key = '';

  afterAll(async () => {
    client.disconnect();
    await servers?.stop();
  });

  it('keeps each outbox in one slot, and three of them where their slots are', async () => {
    const keys = ['a', 'b', 'c'];
    for (const name of keys) {
      const outbox = redisOutbox({ client, key: name });
      await outbox.open(quietContext());
      await outbox.append(someEvents(500, name));
      const { claimed } = await deliverAll([outbox]);
      expect(new Set(claimed).size).toBe(500);
      await outbox.close();
    }
    const places = await Promise.all(
      client.nodes('master').map((node) => node.keys('*')),
    );
    const slots = places.map((names) =>
      [...new Set(names.map((name) => name.split(':')[0]))].join(),
    );
    expect(slots.toSorted()).toEqual(['{a}', '{b}', '{c}']);
  });

  for (const { name, run } of outboxContract({
    create() {
      clock.reset();
      key = randomUUID();
      return redisOutbox({ client: clock.client, key });
    },
    reopen: () => redisOutbox({ client: clock.client, key }),
    shared: true,
    advance: async (ms) => clock.pass(ms),
  })) {
    it(name, run);
  }
});
