// The stores behind the outboxes, each without anything from an earlier run.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the ceilings put in at once. */
const ROWS = 1000;

/**
 * Each opens a store, and gives back how to make an outbox on it, what it takes
 * in by itself (`ceiling`), and how to leave no trace.
 */
const stores = {
  async memory({ capacity }) {
    const { memoryOutbox } = await import('../dist/index.js');
    return {
      newOutbox: () => memoryOutbox({ capacity, whenFull: 'wait' }),
      leave() {},
    };
  },

  async file() {
    const { fileOutbox } = await import('../dist/outbox/file/index.js');
    const { ClassicLevel } = await import('classic-level');
    const path = mkdtempSync(
      join(process.env.BENCH_DIR ?? tmpdir(), 'odp-bench-'),
    );
    return {
      newOutbox: () => fileOutbox({ path }),
      async put(list) {
        const level = new ClassicLevel(join(path, 'ceiling'));
        for (let at = 0; at < list.length; at += ROWS) {
          const batch = list.slice(at, at + ROWS).map(({ id, payload }) => ({
            type: 'put',
            key: id,
            value: payload,
          }));
          await level.batch(batch, { sync: true });
        }
        await level.close();
      },
      leave: () => rmSync(path, { recursive: true, force: true }),
    };
  },

  async redis() {
    const { redisOutbox } = await import('../dist/outbox/redis/index.js');
    const { Redis } = await import('ioredis');
    const client = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
    const key = `odp-bench-${randomUUID()}`;
    return {
      newOutbox: () => redisOutbox({ client, key }),
      async put(list) {
        for (let at = 0; at < list.length; at += ROWS) {
          const pipeline = client.pipeline();
          for (const { id, payload } of list.slice(at, at + ROWS)) {
            pipeline.xadd(
              `{${key}}:ceiling`,
              '*',
              'id',
              id,
              'payload',
              payload,
            );
          }
          await pipeline.exec();
        }
      },
      async leave() {
        const keys = await client.keys(`{${key}}:*`);
        if (keys.length > 0) await client.del(...keys);
        await client.quit();
      },
    };
  },

  async postgres({ ceiling }) {
    const { migratePostgresOutbox, postgresOutbox } =
      await import('../dist/outbox/postgres/index.js');
    const { Pool } = await import('pg');
    const pool = new Pool({
      connectionString:
        process.env.POSTGRES_URL ?? 'postgres://root@127.0.0.1:5432/test',
    });
    const table = `odp_bench_${randomUUID().slice(0, 8)}`;
    if (ceiling) {
      await pool.query(`CREATE TABLE ${table} (id text, payload text)`);
    } else {
      await migratePostgresOutbox({ pool, table });
    }
    return {
      newOutbox: () => postgresOutbox({ pool, table }),
      async put(list) {
        for (let at = 0; at < list.length; at += ROWS) {
          const some = list.slice(at, at + ROWS);
          await pool.query(
            `INSERT INTO ${table} SELECT * FROM unnest($1::text[], $2::text[])`,
            [some.map(({ id }) => id), some.map(({ payload }) => payload)],
          );
        }
      },
      async leave() {
        await pool.query(
          `DROP TABLE IF EXISTS ${table}, ${table}_dead_letters, ${table}_outcomes, ${table}_format`,
        );
        await pool.end();
      },
    };
  },

  async mysql({ ceiling }) {
    const { migrateMysqlOutbox, mysqlOutbox } =
      await import('../dist/outbox/mysql/index.js');
    const { createPool } = await import('mysql2/promise');
    const pool = createPool(
      process.env.MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test',
    );
    const table = `odp_bench_${randomUUID().slice(0, 8)}`;
    if (ceiling) {
      await pool.query(
        `CREATE TABLE ${table} (id VARCHAR(40), payload TEXT) ENGINE = InnoDB`,
      );
    } else {
      await migrateMysqlOutbox({ pool, table });
    }
    return {
      newOutbox: () => mysqlOutbox({ pool, table }),
      async put(list) {
        for (let at = 0; at < list.length; at += ROWS) {
          const some = list
            .slice(at, at + ROWS)
            .map(({ id, payload }) => [id, payload]);
          await pool.query(`INSERT INTO ${table} VALUES ?`, [some]);
        }
      },
      async leave() {
        await pool.query(
          `DROP TABLE IF EXISTS ${table}, ${table}_dead_letters, ${table}_outcomes, ${table}_format`,
        );
        await pool.end();
      },
    };
  },
};

export const openStore = (name, settings = {}) => stores[name](settings);
