import { randomUUID } from 'node:crypto';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  deliverAll,
  failureOf,
  LEASE,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { type SqlDatabase, sqlDatabases } from '../../support/sql-databases.js';

const databases = await sqlDatabases();
if (databases.length === 0) it.skip('there is no database here');

/** A user of a test's own who may do nothing yet. */
async function newUser({ type, url, schema, query }: SqlDatabase) {
  const name = `odp_${randomUUID().slice(0, 8)}`;
  const way = new URL(url);
  way.username = name;
  if (type === 'postgres') {
    await query(`CREATE ROLE ${name} LOGIN`);
    await query(`GRANT USAGE ON SCHEMA ${schema} TO ${name}`);
    const pool = new Pool({ connectionString: way.href });
    return {
      pool,
      name,
      async remove() {
        await pool.end();
        await query(`DROP OWNED BY ${name}`);
        await query(`DROP ROLE ${name}`);
      },
    };
  }
  const account = `${name}@'127.0.0.1'`;
  way.password = 'x';
  way.pathname = schema;
  await query(`CREATE USER ${account} IDENTIFIED BY 'x'`);
  const pool = createPool(way.href);
  return {
    pool,
    name: account,
    async remove() {
      await pool.end();
      await query(`DROP USER ${account}`);
    },
  };
}

describe.each(databases)("$type outbox: its user's privileges", (database) => {
  const { query, table } = database;
  let user: Awaited<ReturnType<typeof newUser>>;

  beforeEach(async () => {
    user = await newUser(database);
    await query(`GRANT SELECT, INSERT ON ${table} TO ${user.name}`);
    await query(`GRANT SELECT, INSERT ON ${table}_outcomes TO ${user.name}`);
    await query(`GRANT SELECT ON ${table}_format TO ${user.name}`);
    // What the trigger of the fixture reads.
    await query(`GRANT SELECT ON ${database.schema}.refusing TO ${user.name}`);
  });
  afterEach(async () => {
    await user.remove();
    await database.empty();
  });
  afterAll(() => database.remove());

  it('are checked when it opens, and the error holds the statements that mend it', async () => {
    const outbox = database.outbox({ pool: user.pool });
    const refused = (await failureOf(() =>
      outbox.open(quietContext()),
    )) as Error;
    expect(refused).toMatchObject({ code: 'outboxFailed' });
    const grants = refused.message.match(/GRANT [^;]+/g) ?? [];
    const missing = grants.map((grant) =>
      grant
        .replaceAll(/["`']/g, '')
        .replace(/^GRANT (.*) ON \w+\.odp_outbox(\w*) TO .*$/, '$2: $1'),
    );
    expect(missing).toEqual([
      ': UPDATE, DELETE',
      '_dead_letters: SELECT, INSERT, DELETE',
      '_outcomes: DELETE',
    ]);

    for (const grant of grants) await query(grant);
    await outbox.open(quietContext());
    await outbox.append(someEvents(3).map((e) => ({ ...e, receipt: e.id })));
    const [dead] = await outbox.claim({ limit: 1, lease: LEASE });
    const cause = { reason: 'rejected', message: 'no' } as const;
    await outbox.deadLetter(dead ? [dead] : [], cause);
    expect(await outbox.requeue({})).toBe(1);
    expect(await deliverAll([outbox])).toMatchObject({ acknowledged: 3 });
    expect(await outbox.purge({})).toBe(0);
    expect(await outbox.erase({ email: 'a@example.com' })).toEqual({
      pending: 0,
      deadLetters: 0,
    });
    await outbox.close();
  });
});
