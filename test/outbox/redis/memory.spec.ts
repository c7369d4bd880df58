import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { redisOutbox } from '../../../src/outbox/redis/index.js';
import { LEASE, quietContext } from '../../support/outboxes.js';
import { startRedis } from '../../support/services.js';

const server = await startRedis('--maxmemory', '16mb');

const rejected = { reason: 'rejected', status: 400, message: 'no' } as const;

describe.skipIf(server === undefined)('redisOutbox: memory runs short', () => {
  const client = new Redis(server?.url ?? '', { lazyConnect: true });
  const warnings: string[] = [];
  const context = {
    ...quietContext(),
    warn: (message: string) => void warnings.push(message),
  };

  afterAll(async () => {
    client.disconnect();
    await server?.stop();
  });

  it('lets events out of a Redis that is full, also after a restart', async () => {
    const key = randomUUID();
    const before = redisOutbox({ client, key });
    await before.open(context);
    const payload = `{"text":"${'x'.repeat(20_000)}"}`;
    const fill = async () => {
      for (;;) {
        const id = randomUUID();
        await before.append([{ id, payload, createdAt: 1, receipt: id }]);
      }
    };
    await expect(fill()).rejects.toThrow('OOM');
    await before.close();
    await client.config('SET', 'maxmemory', '1mb');

    const after = redisOutbox({ client, key });
    await after.open(context);
    const { pending } = await after.counts();
    expect(pending).toBeGreaterThan(100);
    const one = { limit: 5, lease: LEASE };
    await after.release(await after.claim(one), { delay: 0, failed: true });
    expect(await after.deadLetter(await after.claim(one), rejected)).toBe(5);
    let out = 5;
    for (;;) {
      const claimed = await after.claim({ limit: 50, lease: LEASE });
      if (claimed.length === 0) break;
      out += await after.acknowledge(claimed);
    }
    expect(out).toBe(pending);
    expect(await after.counts()).toMatchObject({ pending: 0, deadLetters: 5 });
    expect(await after.requeue({})).toBe(5);
    await after.close();
    expect(warnings).toEqual([]);
  });

  it('warns at boot if Redis may evict what waits', async () => {
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const outbox = redisOutbox({ client, key: randomUUID() });
    await outbox.open(context);
    await outbox.close();
    expect(warnings).toEqual([
      expect.stringMatching(/evict.*allkeys-lru.*noeviction/),
    ]);
  });
});
