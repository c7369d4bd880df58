import { randomUUID } from 'node:crypto';
import { Cluster } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import {
  deliverAll,
  quietContext,
  someEvents,
} from '../../../test/support/outboxes.js';
import { passTime } from '../../../test/support/redis-clock.js';
import { startRedisCluster } from '../../../test/support/services.js';
import { outboxContract } from '../../testing/index.js';
import { redisOutbox } from './index.js';

const servers = await startRedisCluster();

describe.skipIf(servers === undefined)('redisOutbox: Redis Cluster', () => {
  const client = new Cluster(
    servers?.ports.map((port) => ({ host: '127.0.0.1', port })) ?? [],
    { lazyConnect: true },
  );
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
    expect(places.map((place) => place.length)).toEqual([2, 2, 2]);
  });

  for (const { name, run } of outboxContract({
    create() {
      key = randomUUID();
      return redisOutbox({ client, key });
    },
    reopen: () => redisOutbox({ client, key }),
    shared: true,
    advance: (ms) => passTime(client, key, ms),
  })) {
    it(name, run);
  }
});
