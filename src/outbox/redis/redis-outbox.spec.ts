import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, describe, it } from 'vitest';
import { redisService } from '../../../test/support/services.js';
import { outboxContract } from '../../testing/index.js';
import { redisOutbox } from './index.js';

const service = await redisService();

describe.skipIf(service === undefined)('redisOutbox: contract', () => {
  const client = new Redis(service?.url ?? '', { lazyConnect: true });
  let key = '';

  afterAll(async () => {
    const keys = await client.keys('{odp-contract-*');
    if (keys.length > 0) await client.del(keys);
    await client.quit();
    await service?.stop();
  });

  for (const { name, run } of outboxContract({
    create() {
      key = `odp-contract-${randomUUID()}`;
      return redisOutbox({ client, key });
    },
    reopen: () => redisOutbox({ client, key }),
    shared: true,
    // The server's clock cannot be moved; how long each entry was idle can.
    async advance(ms) {
      const events = `{${key}}:events`;
      const states = (await client.xpending(
        events,
        'odp',
        '-',
        '+',
        10_000,
      )) as [string, string, number, number][];
      for (const [entry, consumer, idle] of states) {
        await client.xclaim(
          events,
          'odp',
          consumer,
          0,
          entry,
          'IDLE',
          idle + ms,
          'JUSTID',
        );
      }
    },
  })) {
    it(name, run);
  }
});
