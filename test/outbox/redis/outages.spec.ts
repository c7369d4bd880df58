import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import {
  failureOf,
  idsOf,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { redisService } from '../../support/services.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { OdpOutboxError } from '../../../src/errors/index.js';
import {
  redisOutbox,
  type RedisOutboxClient,
} from '../../../src/outbox/redis/index.js';
import { deleteKeys } from '../../support/redis-client.js';

const service = await redisService();

const run = `odp-outages-${randomUUID()}`;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

afterAll(async () => {
  if (service === undefined) return;
  const client = new Redis(service.url);
  await deleteKeys(client, `{${run}*`);
  await client.quit();
  await service.stop();
});

/** An outbox with a client of its own, as an app has one. */
function outboxAt(url: string, options = {}) {
  // Never gives up and queues without end: what apps with BullMQ set.
  const client = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
    ...options,
  });
  client.on('error', () => {});
  const key = `${run}-${randomUUID()}`;
  cleanups.push(() => client.disconnect());
  return { client, outbox: redisOutbox({ client, key }) };
}

/** The same with a line that can be cut. */
async function behindProxy(options = {}) {
  const url = service?.url ?? '';
  const proxy = await TcpProxy.before(url);
  cleanups.push(() => proxy.cut());
  return { proxy, ...outboxAt(proxy.url(url), options) };
}

describe.skipIf(service === undefined)(
  'redisOutbox: cut off from Redis',
  () => {
    it('tells callers who wait when the line is cut, without waiting for the client to give up', async () => {
      const { proxy, outbox, client } = await behindProxy();
      await outbox.open(quietContext());
      await outbox.append(someEvents(3));
      proxy.silence();
      const asked = [
        failureOf(() => outbox.append(someEvents(1, 'silent'))),
        failureOf(() => outbox.claim({ limit: 9, lease: 60_000 })),
        failureOf(() => outbox.counts()),
      ];
      // An answer would be there by now.
      await new Promise((resolve) => setImmediate(resolve));
      await proxy.cut();
      for (const error of await Promise.all(asked)) {
        expect(error).toBeInstanceOf(OdpOutboxError);
        expect((error as Error).message).toMatch(
          /closed the connection.*unknown/,
        );
      }
      expect(
        String(await failureOf(() => outbox.append(someEvents(1)))),
      ).toContain('not connected');
      const connected = new Promise((resolve) => client.once('ready', resolve));
      await proxy.restore();
      await connected;
      // The client sends the claim again, for nobody: its events are not held back for a lease.
      const claimed = new Set<string>();
      while (claimed.size < 3) {
        const events = await outbox.claim({ limit: 9, lease: 60_000 });
        for (const id of idsOf(events))
          if (id.startsWith('event')) claimed.add(id);
      }
      await outbox.close();
    });

    it('claims again at once what it claimed when the answer was lost', async () => {
      const { client, outbox } = outboxAt(service?.url ?? '');
      await outbox.open(quietContext());
      await outbox.append(someEvents(3));
      const call = client.call.bind(client) as RedisOutboxClient['call'];
      const lossy = vi.spyOn(client as RedisOutboxClient, 'call');
      lossy.mockImplementation(async (command, args) => {
        await call(command, args);
        throw new Error('lost');
      });
      const claim = { limit: 9, lease: 60_000 };
      expect(String(await failureOf(() => outbox.claim(claim)))).toContain(
        'lost',
      );
      lossy.mockRestore();
      expect(idsOf(await outbox.claim(claim))).toEqual(idsOf(someEvents(3)));
      await outbox.close();
    });

    it.each([
      { options: {} },
      { options: { lazyConnect: true } },
      { options: { enableOfflineQueue: false } },
    ])(
      'fails to open without Redis, and can be opened later ($options)',
      async ({ options }) => {
        // The client's own timers must go on, so time only goes faster.
        vi.useFakeTimers({
          toFake: ['setTimeout', 'clearTimeout'],
          shouldAdvanceTime: true,
        });
        const { proxy, outbox } = await behindProxy(options);
        await proxy.cut();
        const opened = failureOf(() => outbox.open(quietContext()));
        await vi.advanceTimersByTimeAsync(5000);
        expect(String(await opened)).toMatch(/OdpOutboxError.*not connected/);
        await proxy.restore();
        await outbox.open(quietContext());
        await outbox.append(someEvents(1));
        await outbox.close();
      },
    );

    it('says so when the app has closed the client', async () => {
      const { client, outbox } = outboxAt(service?.url ?? '');
      await outbox.open(quietContext());
      const ended = new Promise((resolve) => client.once('end', resolve));
      await client.quit();
      await ended;
      expect(
        String(await failureOf(() => outbox.append(someEvents(1)))),
      ).toContain('the app has closed the client');
      await outbox.close();
    });
  },
);
