import { inspect } from 'node:util';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { OdpOutboxError } from '../../../src/errors/index.js';
import type { OdpOutbox } from '../../../src/outbox/outbox.js';
import {
  deliverAll,
  failureOf,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import { sqlDatabases } from '../../support/sql-databases.js';
import {
  type SqlDialect,
  sqlLibraries,
  type SqlLibrary,
  type Work,
} from '../../support/sql-libraries.js';

const databases = await sqlDatabases();
if (databases.length === 0) it.skip('there is no database here');

describe.each(databases)('$type outbox: transactions', (database) => {
  const { type, schema, query } = database;
  const libraries = sqlLibraries(database.url, type);
  let outbox: OdpOutbox;

  beforeAll(async () => {
    await query(`CREATE TABLE ${schema}.orders (id varchar(99) PRIMARY KEY)`);
    outbox = database.outbox();
    await outbox.open(quietContext());
  });

  afterAll(async () => {
    await outbox.close();
    await Promise.all(libraries.map((library) => library.end()));
    await database.remove();
  });

  beforeEach(() => database.empty());

  describe.each(libraries)('with $name', ({ name, run, pool: wrong }) => {
    it('keeps exactly the events of committed work', async () => {
      const text = `It's "${name}" ? $1 :x \\ 😀`;
      const work =
        (id: string, commits: boolean): Work =>
        async (transaction, execute) => {
          await execute(`INSERT INTO ${schema}.orders VALUES ('${id}')`);
          const events = someEvents(2, id).map((event) => ({
            ...event,
            payload: JSON.stringify({ id, text }),
          }));
          await outbox.append(events, { transaction });
          expect(await outbox.counts()).toMatchObject({ pending: 0 });
          if (!commits) throw new Error('no stock');
        };
      await expect(run(work('undone', false))).rejects.toThrow('no stock');
      expect(await outbox.counts()).toMatchObject({ pending: 0 });
      await query(`DELETE FROM ${schema}.orders`);
      await run(work('done', true));
      const [first, second] = await outbox.claim({ limit: 9, lease: 60_000 });
      expect([first?.id, second?.id]).toEqual(['done-0', 'done-1']);
      expect(JSON.parse(first?.payload ?? '')).toEqual({ id: 'done', text });
      expect(
        await outbox.acknowledge(
          [first, second].filter((event) => event !== undefined),
        ),
      ).toBe(2);
      expect(await query(`SELECT id FROM ${schema}.orders`)).toEqual([
        { id: 'done' },
      ]);
      await query(`DELETE FROM ${schema}.orders`);
    });

    it('keeps the code of a serialization failure, and no value', async () => {
      const error = await database.refusing(() =>
        failureOf(() =>
          run(async (transaction) => {
            await outbox.append(someEvents(1, 'secret'), { transaction });
          }),
        ),
      );
      expect(error).toBeInstanceOf(OdpOutboxError);
      expect((error as OdpOutboxError).cause).toMatchObject({
        code: database.refusal,
      });
      expect(inspect(error)).not.toContain('secret');
      expect(await outbox.counts()).toMatchObject({ pending: 0 });
    });

    it('refuses what commits at once', async () => {
      const error = await failureOf(() =>
        outbox.append(someEvents(1), { transaction: wrong() }),
      );
      expect(error).toBeInstanceOf(OdpOutboxError);
      expect((error as Error).message).toContain('docs/transactions.md');
      expect(await outbox.counts()).toMatchObject({ pending: 0 });
    });
  });

  it('keeps the events of concurrent transactions apart', async () => {
    const [driver] = libraries as [SqlLibrary];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        driver.run(async (transaction) => {
          await outbox.append(someEvents(3, `job-${index}`), { transaction });
          if (index % 2 === 1) throw new Error('rolled back');
        }),
      ),
    );
    const committed = outcomes.filter(
      ({ status }) => status === 'fulfilled',
    ).length;
    expect(committed).toBe(20);
    const { claimed } = await deliverAll([outbox]);
    expect(new Set(claimed).size).toBe(60);
    expect(claimed.filter((id) => Number(id.split('-')[1]) % 2 === 1)).toEqual(
      [],
    );
  });

  it("works with TypeORM's own pool", async () => {
    const data = new DataSource({ type, url: database.url });
    await data.initialize();
    const shared = database.outbox({ pool: poolOf(data, type) });
    await shared.open(quietContext());
    await data.transaction((manager) =>
      Promise.resolve(shared.append(someEvents(1), { transaction: manager })),
    );
    expect(await deliverAll([shared])).toMatchObject({ acknowledged: 1 });
    await shared.close();
    await data.destroy();
  });

  it.runIf(type === 'postgres')(
    'tells of a transaction that has failed already',
    async () => {
      const [driver] = libraries as [SqlLibrary];
      await expect(
        driver.run(async (transaction, execute) => {
          await execute('SELECT 1/0').catch(() => {});
          await outbox.append(someEvents(1), { transaction });
        }),
      ).rejects.toThrow(/Postgres failed \(current transaction is aborted/);
    },
  );

  it('takes a long list whole', async () => {
    const [driver] = libraries as [SqlLibrary];
    await driver.run(async (transaction) => {
      await outbox.append(someEvents(2500), { transaction });
      expect(await outbox.counts()).toMatchObject({ pending: 0 });
    });
    const { claimed } = await deliverAll([outbox], 500);
    expect(new Set(claimed).size).toBe(2500);
  });

  it('refuses a connection of the driver on which no transaction has begun', async () => {
    const pool =
      type === 'postgres'
        ? new Pool({ connectionString: database.url })
        : createPool(database.url);
    const idle = (await (pool instanceof Pool
      ? pool.connect()
      : pool.getConnection())) as {
      query(text: string): Promise<unknown>;
      release(): void;
    };
    const append = () => outbox.append(someEvents(1), { transaction: idle });
    expect(String(await failureOf(append))).toContain(
      'no transaction has begun',
    );
    expect(await outbox.counts()).toMatchObject({ pending: 0 });
    await idle.query('BEGIN');
    await append();
    await idle.query('COMMIT');
    expect(await outbox.counts()).toMatchObject({ pending: 1 });
    expect(String(await failureOf(append))).toContain(
      'no transaction has begun',
    );
    idle.release();
    await pool.end();
  });

  it('refuses what is no transaction', async () => {
    for (const transaction of [null, {}, 'BEGIN', 1]) {
      const error = await failureOf(() =>
        outbox.append(someEvents(1), { transaction }),
      );
      expect(error).toBeInstanceOf(OdpOutboxError);
      expect((error as Error).message).toContain('docs/transactions.md');
    }
    expect(await outbox.counts()).toMatchObject({ pending: 0 });
  });
});

function poolOf(data: DataSource, type: SqlDialect): unknown {
  return type === 'postgres'
    ? (data.driver as PostgresDriver).master
    : (data.driver as MysqlDriver).pool;
}
