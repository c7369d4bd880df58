import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { idsOf, quietContext, someEvents } from '../../support/outboxes.js';
import { sqlDatabases } from '../../support/sql-databases.js';

const databases = await sqlDatabases();
if (databases.length === 0) it.skip('there is no database here');

describe.each(databases)('$type outbox: its server', (database) => {
  const { table, type } = database;

  afterEach(() => database.empty());
  afterAll(() => database.remove());

  /** What was appended before the clock was set back is in the future then. */
  const setBack = () =>
    database.query(
      type === 'postgres'
        ? `UPDATE ${table} SET appended_at = appended_at + interval '1 hour'`
        : `UPDATE ${table} SET appended_at = appended_at + INTERVAL 1 HOUR`,
    );

  it('may have its clock set back: what waits is due all the same', async () => {
    const outbox = database.outbox();
    await outbox.open(quietContext());
    const lease = 60_000;
    await outbox.append(someEvents(2));
    const [released] = await outbox.claim({ limit: 1, lease });
    await outbox.release([released!], { delay: 0, failed: true });
    await setBack();
    expect(await outbox.counts()).toMatchObject({ pending: 2, oldestAge: 0 });
    const claimed = await outbox.claim({ limit: 2, lease });
    expect(idsOf(claimed)).toEqual(['event-0', 'event-1']);
    expect(claimed.map(({ age }) => age)).toEqual([0, 0]);
    // Whoever asks for older ones gets none of these.
    await outbox.release(claimed, { delay: 0, failed: false });
    expect(await outbox.claim({ limit: 2, lease, minAge: 1 })).toEqual([]);
    await outbox.close();
  });

  it('makes what was released for a time wait for it', async () => {
    const outbox = database.outbox();
    await outbox.open(quietContext());
    const claim = () => outbox.claim({ limit: 1, lease: 60_000 });
    await outbox.append(someEvents(1));
    await outbox.release(await claim(), { delay: 60_000, failed: false });
    expect(await claim()).toEqual([]);
    await outbox.close();
  });
});
