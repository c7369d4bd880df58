import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, describe, it } from 'vitest';
import {
  anySteps,
  followsModel,
} from '../../../test/support/shared-outbox-model.js';
import { passTime } from '../../../test/support/redis-clock.js';
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
    advance: (ms) => passTime(client, key, ms),
  })) {
    it(name, run);
  }

  it('follows the model, whatever two instances do', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, (steps) => {
        key = `odp-contract-${randomUUID()}`;
        return followsModel(
          [redisOutbox({ client, key }), redisOutbox({ client, key })],
          (ms) => passTime(client, key, ms),
          steps,
        );
      }),
      { numRuns: 50 },
    );
  });
});
