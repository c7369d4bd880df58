import { afterAll, describe, expect, it } from 'vitest';
import { idsOf, quietContext, someEvents } from '../../support/outboxes.js';
import { sqlDatabases } from '../../support/sql-databases.js';
import { sqlLibraries } from '../../support/sql-libraries.js';

const databases = await sqlDatabases();
if (databases.length === 0) it.skip('there is no database here');

const named = (count: number, name: string) =>
  someEvents(count, name).map((event) => ({
    ...event,
    receipt: event.id,
    payload: JSON.stringify({ identifiers: { email: `${name}@example.com` } }),
  }));

describe.each(databases)('$type outbox: an open transaction', (database) => {
  const [library] = sqlLibraries(database.url, database.type);

  afterAll(async () => {
    await library?.end();
    await database.remove();
  });

  it.each([1, 40])(
    'holds up nothing: %i events of each kind',
    async (count) => {
      const outbox = database.outbox();
      await outbox.open(quietContext());
      await database.empty();
      await outbox.append(named(count, 'before'));
      await library?.run(async (transaction) => {
        await outbox.append(named(count, 'joined'), { transaction });
        await outbox.append(named(count, 'after'));
        const take = async () => {
          const claimed = await outbox.claim({ limit: count, lease: 60_000 });
          expect(claimed).toHaveLength(count);
          return claimed;
        };
        expect(await outbox.acknowledge(await take())).toBe(count);
        await outbox.release(await take(), { delay: 0, failed: true });
        const cause = { reason: 'rejected', message: 'no' } as const;
        const dead = await take();
        expect(await outbox.deadLetter(dead, cause)).toBe(count);
        expect(await outbox.outcomes(idsOf(dead))).toHaveLength(count);
        expect(await outbox.requeue({})).toBe(count);
        await outbox.append(named(count, 'erased'));
        expect(await outbox.erase({ email: 'erased@example.com' })).toEqual({
          pending: count,
          deadLetters: 0,
        });
        await outbox.deadLetter(await take(), cause);
        expect(await outbox.erase({ email: 'after@example.com' })).toEqual({
          pending: 0,
          deadLetters: count,
        });
        expect(await outbox.purge({})).toBe(0);
        expect(await outbox.counts()).toMatchObject({ pending: 0 });
        const checkpoint = await outbox.checkpoint();
        expect(await checkpoint.pending()).toBe(0);
      });
      expect(await outbox.counts()).toMatchObject({ pending: count });
      await outbox.close();
    },
    60_000,
  );
});
