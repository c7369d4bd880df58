import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  deliverAll,
  idsOf,
  LEASE,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { clientSending, deleteKeys } from '../../support/redis-client.js';
import { passTime } from '../../support/redis-clock.js';
import { redisService } from '../../support/services.js';
import type {
  ClaimedEvent,
  OdpOutbox,
  OutboxEvent,
} from '../../../src/outbox/outbox.js';
import {
  redisOutbox,
  type RedisOutboxClient,
} from '../../../src/outbox/redis/index.js';

const service = await redisService();

const rejected = { reason: 'rejected', status: 400, message: 'no' } as const;

/** What is appended together is stored together, but each event has a fate of its own. */
describe.skipIf(service === undefined)('redisOutbox: chunks', () => {
  const client = new Redis(service?.url ?? '', { lazyConnect: true });
  let key: string;
  let outbox: OdpOutbox;

  const claim = (limit: number, more: object = {}) =>
    outbox.claim({ limit, lease: LEASE, ...more });
  const counts = async () => {
    const { pending, deadLetters } = await outbox.counts();
    return { pending, deadLetters };
  };
  const every = (of: number, events: readonly ClaimedEvent[]) =>
    events.filter((_, place) => place % of === 0);

  beforeEach(async () => {
    key = `odp-chunks-${randomUUID()}`;
    outbox = redisOutbox({ client, key });
    await outbox.open(quietContext());
  });

  afterEach(async () => {
    await outbox.close();
    await deleteKeys(client, `{${key}}*`);
  });

  afterAll(async () => {
    await client.quit();
    await service?.stop();
  });

  it('stores what many callers append at once as few entries', async () => {
    await Promise.all(
      someEvents(1000).map(async (event) => outbox.append([event])),
    );
    // The first is alone; the others wait for its answer.
    expect(await client.hlen(`{${key}}:events`)).toBeLessThan(15);
    expect(await counts()).toMatchObject({ pending: 1000 });
  });

  it('claims exactly as many as asked for, and gives each of a claim a fate of its own', async () => {
    const ids = idsOf(someEvents(300));
    await outbox.append(someEvents(300));
    const claimed = await claim(250);
    expect(idsOf(claimed)).toEqual(ids.slice(0, 250));
    const done = every(3, claimed);
    const dead = every(50, claimed.slice(1));
    const later = claimed.slice(100, 200);
    expect(await outbox.acknowledge(done)).toBe(84);
    expect(await outbox.deadLetter(dead, rejected)).toBe(
      dead.filter((event) => !done.includes(event)).length,
    );
    await outbox.release(later, { delay: 1000, failed: true });
    const gone = new Set([...done, ...dead].map(({ id }) => id));
    expect((await counts()).pending).toBe(300 - gone.size);
    expect(idsOf(await claim(1000))).toEqual(ids.slice(250));

    await passTime(client, key, 1000);
    const again = await claim(1000);
    expect(idsOf(again)).toEqual(
      ids.slice(100, 200).filter((id) => !gone.has(id)),
    );
    expect(new Set(again.map(({ failedAttempts }) => failedAttempts))).toEqual(
      new Set([1]),
    );
    // Those of the first claim whose fate is open are still held by it.
    const rest = claimed.filter(
      (event) => !gone.has(event.id) && !later.includes(event),
    );
    expect(await outbox.acknowledge(claimed)).toBe(rest.length);
    expect((await counts()).pending).toBe(again.length + 50);
  });

  it('finds the one bad event by halves, and counts failures of each half', async () => {
    await outbox.append(someEvents(64));
    for (let size = 64; size > 1; size /= 2) {
      const claimed = await claim(size);
      expect(claimed).toHaveLength(size);
      expect(claimed[0]?.failedAttempts).toBe(Math.log2(64 / size));
      expect(await outbox.acknowledge(claimed.slice(size / 2))).toBe(size / 2);
      await outbox.release(claimed, { delay: 0, failed: true });
    }
    const [bad] = await claim(64);
    expect(bad).toMatchObject({ id: 'event-0', failedAttempts: 6 });
    expect(await outbox.deadLetter([bad!], rejected)).toBe(1);
    expect(await counts()).toEqual({ pending: 0, deadLetters: 1 });
    expect(await client.hlen(`{${key}}:events`)).toBe(0);
    expect(await client.exists(`{${key}}:failed-attempts`)).toBe(0);
  });

  it('claims no more bytes than asked for, out of the middle of a chunk', async () => {
    await outbox.append(someEvents(10));
    const size = Buffer.byteLength(someEvents(1)[0]!.payload);
    expect(await claim(10, { maxBytes: size * 3.5 })).toHaveLength(3);
    expect(await claim(10, { maxBytes: 1 })).toHaveLength(1);
    expect(idsOf(await claim(10))).toEqual(idsOf(someEvents(10)).slice(4));
  });

  it('records what became of awaited events, also after a cut', async () => {
    const awaited = someEvents(4).map((event): OutboxEvent => ({
      ...event,
      receipt: `of ${event.id}`,
    }));
    await outbox.append([...awaited, ...someEvents(2, 'other')]);
    const claimed = await claim(3);
    await outbox.acknowledge(claimed.slice(0, 1));
    await outbox.deadLetter(claimed.slice(1, 2), rejected);
    const receipts = awaited.map(({ receipt }) => receipt ?? '');
    expect(await outbox.outcomes(receipts)).toEqual([
      { receipt: 'of event-0', outcome: 'delivered' },
      { receipt: 'of event-1', outcome: 'deadLettered', ...rejected },
    ]);
    await outbox.acknowledge([...claimed, ...(await claim(9))]);
    expect(await outbox.outcomes(receipts)).toHaveLength(4);
  });

  it('lets a flush end when the last event of a chunk is gone', async () => {
    await outbox.append(someEvents(5));
    const flush = await outbox.checkpoint();
    for (let left = 5; left > 0; left--) {
      expect(await flush.pending()).toBe(left);
      await outbox.acknowledge(await claim(1));
    }
    expect(await flush.pending()).toBe(0);
  });

  describe('erases a customer', () => {
    const of = (vuid: string, id: string): OutboxEvent => ({
      id,
      payload: JSON.stringify({ identifiers: { vuid } }),
      createdAt: 1,
    });
    const mixed = (prefix: string) =>
      Array.from({ length: 9 }, (_, place) =>
        of(place % 3 === 0 ? 'gone' : 'stays', `${prefix}-${place}`),
      );

    it('out of what waits, is delayed or claimed, and leaves the others where they are', async () => {
      await outbox.append(mixed('claimed'));
      const claimed = await claim(9);
      await outbox.append(mixed('delayed'));
      await outbox.release(await claim(9), { delay: LEASE / 2, failed: true });
      await outbox.append(mixed('waiting'));
      expect(await outbox.erase({ vuid: 'gone' })).toEqual({
        pending: 9,
        deadLetters: 0,
      });
      expect(await counts()).toEqual({ pending: 18, deadLetters: 0 });
      const stays = (prefix: string) =>
        idsOf(mixed(prefix)).filter((_, place) => place % 3 !== 0);
      expect(idsOf(await claim(99))).toEqual(stays('waiting'));
      await passTime(client, key, LEASE / 2);
      expect(idsOf(await claim(99))).toEqual(stays('delayed'));
      expect(await outbox.acknowledge(claimed)).toBe(6);
      expect(await outbox.erase({ vuid: 'stays' })).toMatchObject({
        pending: 12,
      });
      expect(await counts()).toEqual({ pending: 0, deadLetters: 0 });
      expect(await client.exists(`{${key}}:claims`, `{${key}}:leases`)).toBe(0);
    });

    it('even if entries are cut while it looks for them', async () => {
      const busy = redisOutbox({ client, key });
      await busy.open(quietContext());
      for (let list = 0; list < 300; list++) {
        await outbox.append(mixed(`list-${list}`));
      }
      // Before each of its commands, another instance claims a part of a chunk.
      const call = client.call.bind(client) as RedisOutboxClient['call'];
      const erasing = redisOutbox({
        key,
        client: clientSending(client, async (command, args) => {
          for (let times = 0; times < 9; times++) {
            await busy.release(
              await busy.claim({ limit: 13 + times, lease: LEASE }),
              { delay: LEASE, failed: false },
            );
          }
          return call(command, args);
        }),
      });
      await erasing.open(quietContext());
      expect(await erasing.erase({ vuid: 'gone' })).toEqual({
        pending: 900,
        deadLetters: 0,
      });
      await passTime(client, key, LEASE);
      const { claimed } = await deliverAll([outbox]);
      expect(claimed).toHaveLength(1800);
      expect(claimed.every((id) => Number(id.split('-')[2]) % 3 !== 0)).toBe(
        true,
      );
      await busy.close();
      await erasing.close();
    });
  });
});
