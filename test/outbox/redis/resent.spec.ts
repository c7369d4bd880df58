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
import { passTime, RedisClock } from '../../support/redis-clock.js';
import { ResendingClient } from '../../support/resending-client.js';
import { redisService } from '../../support/services.js';
import { sharedOutboxSuite } from '../../support/shared-outbox-suite.js';
import type { OdpOutbox } from '../../../src/outbox/outbox.js';
import { redisOutbox } from '../../../src/outbox/redis/index.js';
import { deleteKeys } from '../../support/redis-client.js';

const service = await redisService();

const rejected = { reason: 'rejected', status: 400, message: 'no' } as const;

describe.skipIf(service === undefined)('redisOutbox: all is resent', () => {
  const client = new Redis(service?.url ?? '', { lazyConnect: true });
  const clock = new RedisClock(client);
  const resending = new ResendingClient(clock.client);
  let key = '';

  afterAll(async () => {
    await deleteKeys(client, '{odp-resent-*');
    await client.quit();
  });

  sharedOutboxSuite({
    instance: () => redisOutbox({ client: resending.client, key }),
    empty() {
      clock.reset();
      key = `odp-resent-all-${randomUUID()}`;
    },
    passTime: async (ms) => clock.pass(ms),
    runs: 20,
  });
});

describe.skipIf(service === undefined)('redisOutbox: commands resent', () => {
  const client = new Redis(service?.url ?? '', { lazyConnect: true });
  let resending: ResendingClient;
  let key: string;
  /** Whose client sends everything twice, and one whose does not. */
  let outbox: OdpOutbox;
  let other: OdpOutbox;

  /** Between the first and the second time of the command with which the work begins. */
  async function resent<T>(
    work: () => T,
    between: () => unknown = () => {},
  ): Promise<Awaited<T>> {
    resending.between = async () => {
      resending.between = () => {};
      await between();
    };
    return await work();
  }

  const claim = (by: OdpOutbox, limit = 10_000) =>
    by.claim({ limit, lease: LEASE });

  const counts = async () => {
    const { pending, deadLetters } = await other.counts();
    return { pending, deadLetters };
  };

  beforeEach(async () => {
    key = `odp-resent-${randomUUID()}`;
    resending = new ResendingClient(client);
    outbox = redisOutbox({ client: resending.client, key });
    other = redisOutbox({ client, key });
    await outbox.open(quietContext());
    await other.open(quietContext());
  });

  afterEach(async () => {
    await outbox.close();
    await other.close();
    await deleteKeys(client, `{${key}}*`);
  });

  afterAll(async () => {
    await client.quit();
    await service?.stop();
  });

  it('stores what is appended once, even if it is delivered in between', async () => {
    const flush = await outbox.checkpoint();
    await outbox.append(someEvents(3, 'a'));
    await resent(
      () => outbox.append(someEvents(3, 'b')),
      () => deliverAll([other]),
    );
    await outbox.append(someEvents(3, 'c'));
    expect(await counts()).toEqual({ pending: 3, deadLetters: 0 });
    expect(idsOf(await claim(other))).toEqual(idsOf(someEvents(3, 'c')));
    expect(await flush.pending()).toBe(0);
  });

  it.each([
    ['', async () => {}],
    [', even if it is delivered in between', () => deliverAll([other], 500)],
  ])('stores a long list once%s', async (_, between) => {
    resending.answer = 'second';
    const events = someEvents(2500);
    const delivered: string[] = [];
    // Staged in three portions, then committed.
    let sent = 0;
    resending.between = async () => {
      if (++sent >= 4) delivered.push(...((await between())?.claimed ?? []));
    };
    await outbox.append(events);
    const flush = await outbox.checkpoint();
    expect(await counts()).toMatchObject({ pending: 2500 - delivered.length });
    expect(await flush.pending()).toBe(2500 - delivered.length);
    delivered.push(...(await deliverAll([other], 500)).claimed);
    expect(delivered).toHaveLength(2500);
    expect(new Set(delivered).size).toBe(2500);
    expect(await counts()).toEqual({ pending: 0, deadLetters: 0 });
    expect(await flush.pending()).toBe(0);
  });

  it.each(['first', 'second'] as const)(
    'loses nothing of a claim, nor counts it twice (%s answer)',
    async (answer) => {
      await other.append(someEvents(9));
      resending.answer = answer;
      const seen: string[] = [];
      const mine = await resent(
        () => claim(outbox, 3),
        async () => {
          const theirs = await claim(other, 3);
          expect(await other.acknowledge(theirs)).toBe(3);
          seen.push(...idsOf(theirs));
        },
      );
      seen.push(...idsOf(mine));
      expect(seen).toHaveLength(6);
      resending.answer = 'first';
      expect(await outbox.acknowledge(mine)).toBe(mine.length);
      const { claimed } = await deliverAll([other]);
      expect([...seen, ...claimed].toSorted()).toEqual(idsOf(someEvents(9)));
      expect(await counts()).toEqual({ pending: 0, deadLetters: 0 });
    },
  );

  it('acknowledges only what it was told to', async () => {
    await other.append(someEvents(4));
    const mine = await claim(other, 2);
    expect(
      await resent(
        () => outbox.acknowledge(mine),
        async () => expect(await claim(other)).toHaveLength(2),
      ),
    ).toBe(2);
    expect(await counts()).toEqual({ pending: 2, deadLetters: 0 });
  });

  it.each([0, 1000])(
    'releases once, whoever claims it in between (delay %s)',
    async (delay) => {
      await other.append(someEvents(3));
      const mine = await claim(other);
      let theirs = mine;
      await resent(
        () => outbox.release(mine, { delay, failed: true }),
        async () => {
          await passTime(client, key, delay);
          theirs = await claim(other);
        },
      );
      expect(theirs.map(({ failedAttempts }) => failedAttempts)).toEqual([
        1, 1, 1,
      ]);
      expect(await claim(other)).toEqual([]);
      expect(await other.acknowledge(theirs)).toBe(3);
      expect(await counts()).toEqual({ pending: 0, deadLetters: 0 });
    },
  );

  it('makes one dead letter of an event, also if that is requeued in between', async () => {
    await other.append(someEvents(4));
    expect(await outbox.deadLetter(await claim(other, 2), rejected)).toBe(2);
    expect(await counts()).toEqual({ pending: 2, deadLetters: 2 });
    const mine = await claim(other);
    await resent(
      () => outbox.deadLetter(mine, rejected),
      async () => expect(await other.requeue({})).toBe(4),
    );
    expect(await counts()).toEqual({ pending: 4, deadLetters: 0 });
    expect(await deliverAll([other])).toMatchObject({ acknowledged: 4 });
  });

  it('requeues a dead letter once, also if it is dead-lettered again in between', async () => {
    await other.append(someEvents(4));
    await other.deadLetter(await claim(other), rejected);
    expect(await outbox.requeue({}, 2)).toBe(2);
    expect(await counts()).toEqual({ pending: 2, deadLetters: 2 });
    const again = async () =>
      expect(await other.deadLetter(await claim(other), rejected)).toBe(2);
    await again();
    resending.between = async () => {
      // The third command: after those that look for dead letters.
      resending.between = async () => {
        resending.between = again;
      };
    };
    await outbox.requeue({}, 2);
    resending.between = () => {};
    expect(await counts()).toEqual({ pending: 0, deadLetters: 4 });
  });

  it('purges and erases only what was there', async () => {
    const customer = (vuid: string) => ({
      ...someEvents(1, vuid)[0]!,
      payload: JSON.stringify({ identifiers: { vuid } }),
    });
    await other.append([customer('a'), customer('b'), customer('a')]);
    await other.deadLetter(await claim(other), rejected);
    await other.append([customer('a'), customer('b'), customer('b')]);
    const mine = await claim(other, 2);
    expect(await outbox.erase({ vuid: 'a' })).toEqual({
      pending: 1,
      deadLetters: 2,
    });
    expect(await counts()).toEqual({ pending: 2, deadLetters: 1 });
    expect(await other.acknowledge(mine)).toBe(1);
    expect(await outbox.purge({})).toBe(1);
    expect(await counts()).toEqual({ pending: 1, deadLetters: 0 });
    expect(await deliverAll([other])).toMatchObject({ acknowledged: 1 });
  });
});
