import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';
import type { OdpOutbox } from '../../../src/outbox/outbox.js';
import {
  deliverAll,
  idsOf,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { sqlDatabases } from '../../support/sql-databases.js';
import { sqlLibraries } from '../../support/sql-libraries.js';

const databases = await sqlDatabases();
if (databases.length === 0) it.skip('there is no database here');

describe.each(databases)('$type outbox: appends', (database) => {
  const [library] = sqlLibraries(database.url, database.type);
  let outbox: OdpOutbox;

  beforeAll(async () => {
    outbox = database.outbox();
    await outbox.open(quietContext());
  });

  afterAll(async () => {
    await outbox.close();
    await library?.end();
    await database.remove();
  });

  afterEach(() => database.empty());

  it.each([`It's "a" \\ \\' \\\\' ? $1 :x`, `It's ü \\' ?`])(
    'keeps %j as it is',
    async (text) => {
      const payload = JSON.stringify({ text, more: "'" });
      await outbox.append([{ id: text, payload, createdAt: 0 }]);
      const [event] = await outbox.claim({ limit: 1, lease: 60_000 });
      expect(event).toMatchObject({ id: text, payload });
    },
  );

  it.each(['open', 'failed'])(
    'stores nothing in a transaction that its connection was given back with: %s',
    async (state) => {
      const { pool, end } = database.pool(1);
      onTestFinished(end);
      const own = database.outbox({ pool });
      await own.open(quietContext());
      const leave = async () => {
        const leaked = await pool.connect();
        await leaked.query('BEGIN');
        await leaked.query(`SELECT * FROM ${database.table}`);
        if (state === 'failed') await leaked.query('SELECT x').catch(() => {});
        leaked.release();
      };
      await leave();
      await own.append(someEvents(2));
      const again = await pool.connect();
      await again.query('ROLLBACK');
      again.release();
      expect(await outbox.counts()).toMatchObject({ pending: 2 });
      await leave();
      const claimed = await own.claim({ limit: 1, lease: 60_000 });
      await leave();
      expect(await own.acknowledge(claimed)).toBe(1);
      await leave();
      expect(await own.counts()).toMatchObject({ pending: 1 });
      await leave();
      await outbox.append(someEvents(1));
      expect(await own.erase({ email: 'nobody@example.com' })).toBeDefined();
      expect(await own.counts()).toMatchObject({ pending: 2 });
      await own.close();
    },
  );

  it('finds what a transaction commits late, behind a backlog', async () => {
    await library?.run(async (transaction) => {
      await outbox.append(someEvents(1, 'late'), { transaction });
      await outbox.append(someEvents(20, 'soon'));
      const claimed = await outbox.claim({ limit: 5, lease: 60_000 });
      await outbox.acknowledge(claimed);
    });
    const { claimed } = await deliverAll([outbox], 10);
    expect(claimed).toContain('late-0');
  });

  it('stores what others bring at the same time as an event that the database refuses', async () => {
    await database.query(
      `ALTER TABLE ${database.table} ADD CHECK (payload NOT LIKE '%refused%')`,
    );
    const lists = ['a', 'b', 'c', 'refused', 'd'].map((id) =>
      someEvents(2, id).map((event) => ({
        ...event,
        payload: JSON.stringify({ id: event.id }),
      })),
    );
    const appended = await Promise.allSettled(
      lists.map(async (list) => outbox.append(list)),
    );
    expect(appended.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    const claimed = await outbox.claim({ limit: 99, lease: 60_000 });
    expect(idsOf(claimed)).toEqual(
      ['a', 'b', 'c', 'd'].flatMap((id) => [`${id}-0`, `${id}-1`]),
    );
  });
});
