import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, describe, it } from 'vitest';
import { anySteps, followsModel } from '../../support/shared-outbox-model.js';
import { RedisClock } from '../../support/redis-clock.js';
import { redisService } from '../../support/services.js';
import { outboxContract } from '../../../src/testing/index.js';
import { redisOutbox } from '../../../src/outbox/redis/index.js';

const service = await redisService();

describe.skipIf(service === undefined)('redisOutbox: contract', () => {
  const client = new Redis(service?.url ?? '', { lazyConnect: true });
  const clock = new RedisClock(client);
  let key = '';

  afterAll(async () => {
    const keys = await client.keys('{odp-contract-*');
    if (keys.length > 0) await client.del(keys);
    await client.quit();
    await service?.stop();
  });

  for (const { name, run } of outboxContract({
    create() {
      clock.reset();
      key = `odp-contract-${randomUUID()}`;
      return redisOutbox({ client: clock.client, key });
    },
    reopen: () => redisOutbox({ client: clock.client, key }),
    shared: true,
    advance: async (ms) => clock.pass(ms),
  })) {
    it(name, run);
  }

  it('follows the model, whatever two instances do', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, (steps) => {
        key = `odp-contract-${randomUUID()}`;
        return followsModel(
          [
            redisOutbox({ client: clock.client, key }),
            redisOutbox({ client: clock.client, key }),
          ],
          async (ms) => clock.pass(ms),
          steps,
        );
      }),
      { numRuns: 50 },
    );
  });
});
