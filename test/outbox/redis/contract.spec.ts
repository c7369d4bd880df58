import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, describe } from 'vitest';
import { sharedOutboxSuite } from '../../support/shared-outbox-suite.js';
import { RedisClock } from '../../support/redis-clock.js';
import { redisService } from '../../support/services.js';
import { redisOutbox } from '../../../src/outbox/redis/index.js';
import { deleteKeys } from '../../support/redis-client.js';

const service = await redisService();

describe.skipIf(service === undefined)('redisOutbox: contract', () => {
  const client = new Redis(service?.url ?? '', { lazyConnect: true });
  const clock = new RedisClock(client);
  let key = '';

  afterAll(async () => {
    await deleteKeys(client, '{odp-contract-*');
    await client.quit();
    await service?.stop();
  });

  sharedOutboxSuite({
    instance: () => redisOutbox({ client: clock.client, key }),
    empty() {
      clock.reset();
      key = `odp-contract-${randomUUID()}`;
    },
    passTime: async (ms) => clock.pass(ms),
    runs: 50,
  });
});
