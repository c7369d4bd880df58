// The stores behind the outboxes, each without anything from an earlier run.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the ceilings put in at once. */
const ROWS = 1000;

/**
 * Each opens a store, and gives back how to make an outbox on it, what it takes
 * in by itself (`put`, the ceiling), what it does with an event at least, by hand
 * (`pass`, the floor: put in, leased and deleted), and how to leave no trace.
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
      async pass(list) {
        const stream = `{${key}}:floor`;
        const group = ['GROUP', 'bench', 'bench', 'COUNT', ROWS];
        await client.xgroup('CREATE', stream, 'bench', '$', 'MKSTREAM');
        for (let at = 0; at < list.length; at += ROWS) {
          const pipeline = client.pipeline();
          for (const { id, payload } of list.slice(at, at + ROWS)) {
            pipeline.xadd(stream, '*', 'id', id, 'payload', payload);
          }
          await pipeline.exec();
          const [[, leased]] = await client.xreadgroup(
            ...group,
            'STREAMS',
            stream,
            '>',
          );
          const entries = leased.map(([entry]) => entry);
          await client
            .pipeline()
            .xack(stream, 'bench', ...entries)
            .xdel(stream, ...entries)
            .exec();
        }
        await client.xgroup('DESTROY', stream, 'bench');
      },
      async leave() {
        const keys = await client.keys(`{${key}}:*`);
        if (keys.length > 0) await client.del(...keys);
        await client.quit();
      },
    };
  },

  async postgres({ ceiling, floor }) {
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
    } else if (floor) {
      await pool.query(
        `CREATE TABLE ${table} (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, payload text, claim bigint, due_at timestamptz) WITH (fillfactor = 45)`,
      );
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
      async pass(list) {
        for (let at = 0; at < list.length; at += ROWS) {
          const some = list.slice(at, at + ROWS);
          await pool.query(
            `INSERT INTO ${table} (id, payload) SELECT * FROM unnest($1::text[], $2::text[])`,
            [some.map(({ id }) => id), some.map(({ payload }) => payload)],
          );
          await pool.query(
            `UPDATE ${table} SET claim = 1, due_at = now() WHERE seq IN (SELECT seq FROM ${table} ORDER BY seq LIMIT ${ROWS} FOR UPDATE SKIP LOCKED) RETURNING seq, id, payload`,
          );
          await pool.query(`DELETE FROM ${table} WHERE claim = 1`);
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

  async mysql({ ceiling, floor }) {
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
    } else if (floor) {
      await pool.query(
        `CREATE TABLE ${table} (seq BIGINT AUTO_INCREMENT PRIMARY KEY, id VARCHAR(40), payload TEXT, claim BIGINT NOT NULL DEFAULT 0, due_at DATETIME(6)) ENGINE = InnoDB`,
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
      async pass(list) {
        for (let at = 0; at < list.length; at += ROWS) {
          const some = list
            .slice(at, at + ROWS)
            .map(({ id, payload }) => [id, payload]);
          const [{ insertId }] = await pool.query(
            `INSERT INTO ${table} (id, payload) VALUES ?`,
            [some],
          );
          const rows = [insertId, insertId + some.length - 1];
          await pool.query(
            `UPDATE ${table} SET claim = 1, due_at = UTC_TIMESTAMP(6) WHERE seq BETWEEN ? AND ?`,
            rows,
          );
          await pool.query(
            `SELECT seq, id, payload FROM ${table} WHERE seq BETWEEN ? AND ?`,
            rows,
          );
          await pool.query(
            `DELETE FROM ${table} WHERE seq BETWEEN ? AND ?`,
            rows,
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
};

export const openStore = (name, settings = {}) => stores[name](settings);
