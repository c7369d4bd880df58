import { randomUUID } from 'node:crypto';
import knexOf from 'knex';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  deliverAll,
  failureOf,
  quietContext,
  someEvents,
} from '../../../test/support/outboxes.js';
import { postgresService } from '../../../test/support/services.js';
import { OdpOutboxError } from '../../errors/index.js';
import type { OdpOutbox } from '../outbox.js';
import {
  migratePostgresOutbox,
  postgresOutbox,
  type PostgresTransaction,
} from './index.js';

const service = await postgresService();
const url = service?.url ?? 'postgres://nowhere.invalid/none';

/** A unit of work: its own row and events, then an error where it shall roll back. */
type Work = (transaction: PostgresTransaction) => Promise<void>;

/** How the caller's library runs a transaction. */
interface Library {
  readonly name: string;
  run(work: Work): Promise<unknown>;
  end(): Promise<unknown>;
}

function nodePostgres(): Library {
  const pool = new Pool({ connectionString: url });
  return {
    name: 'pg',
    async run(work) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await work(client);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },
    end: () => pool.end(),
  };
}

function typeorm(
  name: string,
  how: (data: DataSource, work: Work) => Promise<void>,
): Library {
  const data = new DataSource({ type: 'postgres', url });
  return {
    name,
    async run(work) {
      if (!data.isInitialized) await data.initialize();
      await how(data, work);
    },
    end: async () => data.isInitialized && data.destroy(),
  };
}

function knex(): Library {
  const db = knexOf({ client: 'pg', connection: url });
  return {
    name: 'Knex, with the adapter of the docs',
    run: (work) =>
      db.transaction((trx) =>
        work({
          query: async (text, values) =>
            trx.raw(text.replaceAll(/\$\d+/g, '?'), values as string[]),
        }),
      ),
    end: () => db.destroy(),
  };
}

const libraries = [
  nodePostgres(),
  typeorm("TypeORM's EntityManager", (data, work) =>
    data.transaction((manager) => work(manager)),
  ),
  typeorm("TypeORM's QueryRunner", async (data, work) => {
    const runner = data.createQueryRunner();
    await runner.startTransaction();
    try {
      await work(runner);
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction();
      throw error;
    } finally {
      await runner.release();
    }
  }),
  knex(),
];

describe.skipIf(service === undefined)('postgresOutbox: transactions', () => {
  const schema = `odp_${randomUUID().replaceAll('-', '')}`;
  const table = `${schema}.odp_outbox`;
  const pool = new Pool({ connectionString: url });
  let outbox: OdpOutbox;

  beforeAll(async () => {
    await pool.query(`CREATE SCHEMA ${schema}`);
    await pool.query(`CREATE TABLE ${schema}.orders (id text PRIMARY KEY)`);
    await migratePostgresOutbox({ pool, table });
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

  describe.each(libraries)('with $name', ({ name, run }) => {
    it('keeps exactly the events of committed work', async () => {
      const text = `It's "${name}" ? $1 :x \\ 😀`;
      const work =
        (id: string, commits: boolean): Work =>
        async (transaction) => {
          await transaction.query(
            `INSERT INTO ${schema}.orders VALUES ('${id}')`,
            [],
          );
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
  });

  it('keeps the events of concurrent transactions apart', async () => {
    const pg = libraries[0] as Library;
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
    const pg = libraries[0] as Library;
    await expect(
      pg.run(async (transaction) => {
        await transaction.query('SELECT 1/0', []).catch(() => {});
        await outbox.append(someEvents(1), { transaction });
      }),
    ).rejects.toThrow(/Postgres failed \(current transaction is aborted/);
  });

  it('refuses what is no transaction', async () => {
    for (const transaction of [null, {}, 'BEGIN', 1, pool]) {
      const error = await failureOf(() =>
        outbox.append(someEvents(1), { transaction }),
      );
      expect(error).toBeInstanceOf(OdpOutboxError);
      expect((error as Error).message).toContain('query(text, values)');
    }
    expect(await outbox.counts()).toMatchObject({ pending: 0 });
  });
});
