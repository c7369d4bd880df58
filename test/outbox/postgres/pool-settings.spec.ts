import { Pool, types } from 'pg';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { idsOf, quietContext, someEvents } from '../../support/outboxes.js';
import { sqlDatabase } from '../../support/sql-databases.js';

const database = await sqlDatabase('postgres');

const parsing = (parserOf: (oid: number) => unknown) => ({
  types: { getTypeParser: parserOf as typeof types.getTypeParser },
});

const NUMBERS = [20, 23, 701]; // int8, int4, float8

describe.skipIf(database === undefined)(
  'postgresOutbox: through a pool that returns values its own way',
  () => {
    const pools: Pool[] = [];

    afterEach(async () => {
      await Promise.all(pools.splice(0).map((pool) => pool.end()));
      await database?.empty();
    });

    afterAll(() => database?.remove());

    it.each([
      ['in binary', { binary: true }],
      ['everything as text', parsing(() => (text: string) => text)],
      [
        'numbers as objects',
        parsing((oid) =>
          NUMBERS.includes(oid)
            ? (text: string) => ({ number: text })
            : types.getTypeParser(oid),
        ),
      ],
    ])('%s', async (_, settings) => {
      const pool = new Pool({ connectionString: database?.url, ...settings });
      pools.push(pool);
      const outbox = database!.outbox({ pool });
      await outbox.open(quietContext());
      const createdAt = 1_795_705_252_953;
      const events = someEvents(3).map((event) => ({ ...event, createdAt }));
      await outbox.append(events);
      const checkpoint = await outbox.checkpoint();
      expect(await checkpoint.pending()).toBe(3);
      const lease = 60_000;
      const first = await outbox.claim({ limit: 3, lease });
      await outbox.release(first, { delay: 0, failed: true });
      const claimed = await outbox.claim({ limit: 3, lease });
      expect(idsOf(claimed)).toEqual(idsOf(events));
      for (const event of claimed) {
        expect(event).toMatchObject({ createdAt, failedAttempts: 1 });
        expect(event.age).toBeTypeOf('number');
        expect(event.age).toBeLessThan(lease);
      }
      await outbox.deadLetter(claimed.slice(0, 1), {
        reason: 'rejected',
        status: 400,
        message: 'no',
      });
      expect(await outbox.deadLetters({}, { limit: 9 })).toEqual([
        expect.objectContaining({ createdAt, failedAttempts: 1, status: 400 }),
      ]);
      expect(await outbox.counts()).toEqual({
        pending: 2,
        oldestAge: expect.any(Number),
        deadLetters: 1,
      });
      await outbox.close();
    });
  },
);
