// An outbox between many senders, each of which awaits its event before it
// sends the next, and the sink: how many events get through in a second.
// Without an outbox: what the store takes in by itself (the ceiling).
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventOf, wireEventOf } from '../event.mjs';
import { options, report, startCpu, startSink, turn } from '../measure.mjs';
import { openOurs } from '../ours.mjs';

const {
  store,
  ceiling = false,
  senders,
  events,
  warmUp = events / 10,
} = options;
const rows = 1000;

/** Each opens a store and gives back the outbox on it, what it takes in by itself, and how to leave no trace. */
const stores = {
  async memory() {
    const { memoryOutbox } = await import('../../dist/index.js');
    return { outbox: memoryOutbox({ whenFull: 'wait' }), leave() {} };
  },

  async file() {
    const { fileOutbox } = await import('../../dist/outbox/file/index.js');
    const { ClassicLevel } = await import('classic-level');
    const path = mkdtempSync(
      join(process.env.BENCH_DIR ?? tmpdir(), 'odp-bench-'),
    );
    return {
      outbox: ceiling ? undefined : fileOutbox({ path }),
      async put(list) {
        const level = new ClassicLevel(join(path, 'ceiling'));
        for (let at = 0; at < list.length; at += senders) {
          const batch = list.slice(at, at + senders).map(({ id, payload }) => ({
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
    const { redisOutbox } = await import('../../dist/outbox/redis/index.js');
    const { Redis } = await import('ioredis');
    const client = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
    const key = `odp-bench-${randomUUID()}`;
    return {
      outbox: ceiling ? undefined : redisOutbox({ client, key }),
      async put(list) {
        for (let at = 0; at < list.length; at += rows) {
          const pipeline = client.pipeline();
          for (const { id, payload } of list.slice(at, at + rows)) {
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

  async postgres() {
    const { migratePostgresOutbox, postgresOutbox } =
      await import('../../dist/outbox/postgres/index.js');
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
      outbox: ceiling ? undefined : postgresOutbox({ pool, table }),
      async put(list) {
        for (let at = 0; at < list.length; at += rows) {
          const some = list.slice(at, at + rows);
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

  async mysql() {
    const { migrateMysqlOutbox, mysqlOutbox } =
      await import('../../dist/outbox/mysql/index.js');
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
      outbox: ceiling ? undefined : mysqlOutbox({ pool, table }),
      async put(list) {
        for (let at = 0; at < list.length; at += rows) {
          const some = list
            .slice(at, at + rows)
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

/** Nothing but the store, fed by one client. */
async function measureStore({ put }) {
  const listOf = (count) =>
    Array.from({ length: count }, (_, n) => ({
      id: randomUUID(),
      payload: JSON.stringify(wireEventOf(n)),
    }));
  await put(listOf(warmUp));
  const list = listOf(events);
  const cpu = startCpu();
  const start = performance.now();
  await put(list);
  const seconds = (performance.now() - start) / 1000;
  return { rate: events / seconds, cpu: cpu() / events };
}

async function measureOutbox({ outbox }) {
  const sink = await startSink();
  const { odp, close } = await openOurs(sink.url, {
    outbox,
    delivery: { batchSize: 500 },
  });
  let n = 0;
  const sendUpTo = async (count) => {
    const sender = async () => {
      while (n < count) {
        await odp.sendOdpEvent(eventOf(n++));
        // An outbox that answers at once must not keep the others out.
        if (n % 100 === 0) await turn();
      }
    };
    await Promise.all(Array.from({ length: senders }, sender));
  };
  await sendUpTo(warmUp);
  await odp.flush();
  const cpu = startCpu();
  const start = Date.now();
  await sendUpTo(warmUp + events);
  const accepted = (Date.now() - start) / 1000;
  void odp.flush();
  const after = await sink.has(warmUp + events);
  const used = cpu();
  const figures = {
    rate: events / ((after.last - start) / 1000),
    accepted: events / accepted,
    cpu: used / events,
    lost: Math.max(warmUp + events - after.events, 0),
  };
  await close();
  return figures;
}

const opened = await stores[store]();
const figures = await (ceiling ? measureStore(opened) : measureOutbox(opened));
await opened.leave();
report(figures);
