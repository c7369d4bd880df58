import { randomUUID } from 'node:crypto';
import { createPool as createCallbackPool } from 'mysql2';
import { createPool, type Pool, type PoolOptions } from 'mysql2/promise';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  vi,
} from 'vitest';
import { OdpConfigurationError } from '../../../src/errors/index.js';
import {
  migrateMysqlOutbox,
  mysqlOutbox,
  mysqlOutboxSql,
} from '../../../src/outbox/mysql/index.js';
import type { OdpOutbox } from '../../../src/outbox/outbox.js';
import {
  deliverAll,
  failureOf,
  idsOf,
  LEASE,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { mysqlService } from '../../support/services.js';

const service = await mysqlService();

describe('mysqlOutbox: options', () => {
  it('takes plain names of tables, and pools, only', () => {
    const pool = createPool({});
    for (const table of ['', 'a b', 'a.b.c', 'a`b', 'a;b', 'a'.repeat(51)]) {
      expect(() => mysqlOutbox({ pool, table })).toThrow(OdpConfigurationError);
      expect(() => mysqlOutboxSql({ table })).toThrow(OdpConfigurationError);
    }
    expect(mysqlOutbox({ pool, table: 'sales.odp_2' }).name).toBe(
      'mysql (sales.odp_2)',
    );
    const nothing = undefined as unknown as Pool;
    expect(() => mysqlOutbox({ pool: nothing })).toThrow(/mysqlOutbox\.pool/);
  });
});

describe.skipIf(service === undefined)('mysqlOutbox: instances', () => {
  const schema = `odp_${randomUUID().replaceAll('-', '')}`;
  const table = `${schema}.odp_outbox`;
  const app = createPool(service?.url ?? '');
  const opened: OdpOutbox[] = [];
  const pools: { end(): Promise<unknown> }[] = [];

  const poolWith = (options: PoolOptions = {}) => {
    const pool = createPool({ uri: service?.url ?? '', ...options });
    pools.push(pool);
    return pool;
  };

  async function opening(pool: Pool, name = table) {
    const outbox = mysqlOutbox({ pool, table: name });
    await outbox.open(quietContext());
    opened.push(outbox);
    return outbox;
  }

  beforeAll(async () => {
    await app.query(`CREATE DATABASE ${schema}`);
  });

  beforeEach(async () => {
    await migrateMysqlOutbox({ pool: app, table });
    await app.query(`DELETE FROM ${table}`);
  });

  afterEach(async () => {
    for (const outbox of opened.splice(0)) await outbox.close();
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });

  afterAll(async () => {
    await app.query(`DROP DATABASE ${schema}`);
    await app.end();
    await service?.stop();
  });

  const dropTables = () =>
    app.query(
      `DROP TABLE ${table}, ${table}_dead_letters, ${table}_outcomes, ${table}_format`,
    );

  it('works with a pool of one connection, and with one that has callbacks', async () => {
    const outbox = await opening(poolWith({ connectionLimit: 1 }));
    await Promise.all([outbox.append(someEvents(3)), outbox.counts()]);
    const pool = createCallbackPool(service?.url ?? '');
    pools.push(pool.promise());
    const other = mysqlOutbox({ pool, table });
    await other.open(quietContext());
    opened.push(other);
    expect(await deliverAll([other])).toMatchObject({ acknowledged: 3 });
  });

  it.each<PoolOptions>([
    { rowsAsArray: true },
    { nestTables: true },
    { nestTables: '_', stringifyObjects: true },
    { charset: 'latin1' },
    {
      queryFormat: (sql: string) => sql.replaceAll('?', 'NULL'),
    },
    { supportBigNumbers: true, bigNumberStrings: true },
    { typeCast: false, dateStrings: true, timezone: '+09:00' },
    { namedPlaceholders: true, decimalNumbers: true },
  ])('works whatever the pool makes of values: %o', async (options) => {
    const outbox = await opening(poolWith(options));
    const [event] = someEvents(1);
    await outbox.append([{ id: 'a', payload: '{}', createdAt: 1 }]);
    const [claimed] = await outbox.claim({ limit: 1, lease: LEASE });
    expect(claimed).toMatchObject({ id: 'a', payload: '{}', createdAt: 1 });
    expect(claimed?.age).toBeLessThan(60_000);
    await outbox.deadLetter(claimed ? [claimed] : [], {
      reason: 'rejected',
      status: 400,
      message: 'no',
    });
    const letters = await outbox.deadLetters({ ids: ['a'] }, { limit: 1 });
    expect(letters).toMatchObject([{ status: 400, createdAt: 1 }]);
    expect(event).toBeDefined();
  });

  it('refuses a pool that would store nothing', async () => {
    const pool = poolWith({ connectionLimit: 1 });
    await pool.query('SET autocommit = 0');
    const outbox = mysqlOutbox({ pool, table });
    expect(await failureOf(() => outbox.open(quietContext()))).toMatchObject({
      code: 'outboxFailed',
      message: expect.stringContaining('autocommit') as string,
    });
  });

  it('is migrated by several instances at once, and again, without harm', async () => {
    await dropTables();
    await Promise.all(
      Array.from({ length: 4 }, () => migrateMysqlOutbox({ pool: app, table })),
    );
    const outbox = await opening(app);
    await outbox.append(someEvents(1));
    await migrateMysqlOutbox({ pool: app, table });
    for (const statement of mysqlOutboxSql({ table }).split(';')) {
      if (statement.trim() !== '') await app.query(statement);
    }
    expect(await outbox.counts()).toMatchObject({ pending: 1 });
  });

  it('is migrated by its SQL in one go', async () => {
    await dropTables();
    const pool = poolWith({ multipleStatements: true });
    await pool.query(mysqlOutboxSql({ table }));
    await pool.query(mysqlOutboxSql({ table }));
    const outbox = await opening(app);
    await outbox.append(someEvents(1));
  });

  it('makes the tables if there are none, in several instances at once', async () => {
    await dropTables();
    const [outbox] = await Promise.all([1, 2, 3].map(() => opening(app)));
    await outbox?.append(someEvents(1));
    expect(await outbox?.counts()).toMatchObject({ pending: 1 });
  });

  it('says how to make the tables if it may not, and can be opened once there are', async () => {
    await dropTables();
    const user = `odp_${randomUUID().slice(0, 8)}`;
    await app.query(`CREATE USER ${user}@'127.0.0.1' IDENTIFIED BY 'x'`);
    const grant = (rights: string) =>
      app.query(`GRANT ${rights} ON ${schema}.* TO ${user}@'127.0.0.1'`);
    await grant('SELECT, INSERT, UPDATE, DELETE');
    const url = new URL(service?.url ?? '');
    [url.username, url.password, url.pathname] = [user, 'x', schema];
    const pool = createPool(url.href);
    pools.push(pool);
    const modest = mysqlOutbox({ pool });
    expect(await failureOf(() => modest.open(quietContext()))).toMatchObject({
      code: 'outboxFailed',
      message: expect.stringContaining('migrateMysqlOutbox') as string,
    });
    await migrateMysqlOutbox({ pool: app, table });
    await modest.open(quietContext());
    opened.push(modest);
    await modest.append(someEvents(2));
    expect(await deliverAll([modest])).toMatchObject({ acknowledged: 2 });
    await app.query(`DROP USER ${user}@'127.0.0.1'`);
  });

  it('leaves a table alone that is something else', async () => {
    await app.query(`CREATE TABLE ${schema}.orders (id int)`);
    const outbox = mysqlOutbox({ pool: app, table: `${schema}.orders` });
    await expect(outbox.open(quietContext())).rejects.toThrow(
      'is not an outbox',
    );
    const [tables] = await app.query(
      `SHOW TABLES FROM ${schema} LIKE 'orders%'`,
    );
    expect(tables).toHaveLength(1);
  });

  it.each(['DELETE FROM', 'DROP TABLE'])(
    'is repaired when its format is gone: %s',
    async (harm) => {
      const before = await opening(app);
      await before.append(someEvents(2));
      await app.query(`${harm} ${table}_format`);
      const after = await opening(app);
      expect(await deliverAll([after])).toMatchObject({ acknowledged: 2 });
      const [rows] = await app.query(`SELECT version FROM ${table}_format`);
      expect(rows).toEqual([{ version: 1 }]);
    },
  );

  it('refuses a table that a newer version of this package has made', async () => {
    await app.query(`UPDATE ${table}_format SET version = 2`);
    await migrateMysqlOutbox({ pool: app, table });
    await expect(opening(app)).rejects.toThrow(
      /version 2.*Update the package/s,
    );
    await app.query(`UPDATE ${table}_format SET version = 1`);
  });

  it('says so if no database is chosen', async () => {
    const url = new URL(service?.url ?? '');
    url.pathname = '';
    const pool = createPool(url.href);
    pools.push(pool);
    await expect(opening(pool, 'odp_outbox')).rejects.toThrow(
      /no database.*shop\.odp_outbox/,
    );
  });

  it('claims again at once what it claimed when the answer was lost', async () => {
    const pool = poolWith({ connectionLimit: 1 });
    const outbox = await opening(pool);
    await outbox.append(someEvents(3));
    const getConnection = pool.getConnection.bind(pool);
    vi.spyOn(pool, 'getConnection').mockImplementationOnce(async () => {
      const connection = await getConnection();
      const query = connection.query.bind(connection);
      connection.query = (async (options: { sql: string }) => {
        const answer = await query(options);
        if (options.sql === 'COMMIT') throw new Error('lost');
        return answer;
      }) as typeof connection.query;
      return connection;
    });
    const claim = { limit: 2, lease: LEASE };
    expect(String(await failureOf(() => outbox.claim(claim)))).toContain(
      'lost',
    );
    const again = await outbox.claim(claim);
    expect(idsOf(again)).toEqual(['event-0', 'event-1']);
    expect(idsOf(await outbox.claim(claim))).toEqual(['event-2']);
    expect(await outbox.acknowledge(again)).toBe(2);
  });

  it('keeps out of the way of transactions that append, also while it claims', async () => {
    const outbox = await opening(poolWith());
    await outbox.append(someEvents(2, 'first'));
    const connection = await app.getConnection();
    await connection.beginTransaction();
    try {
      await outbox.append(someEvents(2, 'open'), { transaction: connection });
      await outbox.append(someEvents(3, 'last'));
      const some = await outbox.claim({ limit: 2, lease: LEASE });
      await outbox.release(some.slice(0, 1), { delay: 0, failed: true });
      await outbox.deadLetter(some.slice(1), {
        reason: 'expired',
        message: 'old',
      });
      expect(await deliverAll([outbox])).toMatchObject({ acknowledged: 4 });
      await connection.commit();
    } finally {
      await connection.rollback();
      connection.release();
    }
    expect(await deliverAll([outbox])).toMatchObject({ acknowledged: 2 });
  });

  it('takes more than the server takes in one packet', async () => {
    const outbox = await opening(poolWith());
    const payload = JSON.stringify({ text: 'x'.repeat(400_000) });
    const events = someEvents(50).map((event) => ({ ...event, payload }));
    await outbox.append(events);
    const claimed = await outbox.claim({
      limit: 50,
      lease: LEASE,
      maxBytes: 1_000_000,
    });
    expect(claimed).toHaveLength(2);
    expect(await outbox.counts()).toMatchObject({ pending: 50 });
  });
});
