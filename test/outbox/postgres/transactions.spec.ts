import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  deliverAll,
  failureOf,
  quietContext,
  someEvents,
} from '../../support/outboxes.js';
import {
  sqlLibraries,
  type SqlLibrary,
  type Work,
} from '../../support/sql-libraries.js';
import { postgresService } from '../../support/services.js';
import { OdpOutboxError } from '../../../src/errors/index.js';
import type { OdpOutbox } from '../../../src/outbox/outbox.js';
import {
  migratePostgresOutbox,
  postgresOutbox,
} from '../../../src/outbox/postgres/index.js';

const service = await postgresService();
const url = service?.url ?? 'postgres://nowhere.invalid/none';

const libraries = sqlLibraries(url, 'postgres');

describe.skipIf(service === undefined)('postgresOutbox: transactions', () => {
  const schema = `odp_${randomUUID().replaceAll('-', '')}`;
  const table = `${schema}.odp_outbox`;
  const pool = new Pool({ connectionString: url });
  let outbox: OdpOutbox;

  beforeAll(async () => {
    await pool.query(`CREATE SCHEMA ${schema}`);
    await pool.query(`CREATE TABLE ${schema}.orders (id text PRIMARY KEY)`);
    await migratePostgresOutbox({ pool, table });
    // Refuses as Postgres does when two serializable transactions meet.
    await pool.query(`
      CREATE TABLE ${schema}.refusing (yes integer);
      CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM ${schema}.refusing) THEN
          RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON ${table}
        FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse()`);
    outbox = postgresOutbox({ pool, table });
    await outbox.open(quietContext());
  });

  afterAll(async () => {
    await outbox.close();
    await Promise.all(libraries.map((library) => library.end()));
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
    await service?.stop();
  });

  beforeEach(() => pool.query(`TRUNCATE ${table}`));

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
      await pool.query(`DELETE FROM ${schema}.orders`);
      await run(work('done', true));
      const [first, second] = await outbox.claim({ limit: 9, lease: 60_000 });
      expect([first?.id, second?.id]).toEqual(['done-0', 'done-1']);
      expect(JSON.parse(first?.payload ?? '')).toEqual({ id: 'done', text });
      expect(
        await outbox.acknowledge(
          [first, second].filter((event) => event !== undefined),
        ),
      ).toBe(2);
      const { rows } = await pool.query(
        `DELETE FROM ${schema}.orders RETURNING id`,
      );
      expect(rows).toEqual([{ id: 'done' }]);
    });

    it('keeps the code of a serialization failure, and no value', async () => {
      await pool.query(`INSERT INTO ${schema}.refusing VALUES (1)`);
      const error = await failureOf(() =>
        run(async (transaction) => {
          await outbox.append(someEvents(1, 'secret'), { transaction });
        }),
      ).finally(() => pool.query(`DELETE FROM ${schema}.refusing`));
      expect(error).toBeInstanceOf(OdpOutboxError);
      expect((error as OdpOutboxError).cause).toMatchObject({ code: '40001' });
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
    const pg = libraries[0] as SqlLibrary;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        pg.run(async (transaction) => {
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
    const data = new DataSource({ type: 'postgres', url });
    await data.initialize();
    const { master } = data.driver as PostgresDriver;
    const shared = postgresOutbox({ pool: master as Pool, table });
    await shared.open(quietContext());
    await data.transaction((manager) =>
      Promise.resolve(shared.append(someEvents(1), { transaction: manager })),
    );
    expect(await deliverAll([shared])).toMatchObject({ acknowledged: 1 });
    await shared.close();
    await data.destroy();
  });

  it('tells of a transaction that has failed already', async () => {
    const pg = libraries[0] as SqlLibrary;
    await expect(
      pg.run(async (transaction, execute) => {
        await execute('SELECT 1/0').catch(() => {});
        await outbox.append(someEvents(1), { transaction });
      }),
    ).rejects.toThrow(/Postgres failed \(current transaction is aborted/);
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
