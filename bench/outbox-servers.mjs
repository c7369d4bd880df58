// How fast redisOutbox, postgresOutbox and mysqlOutbox are, and how fast their
// servers are without them (the ceilings). Run:
// npm run build && node bench/outbox-servers.mjs [redis] [postgres] [mysql]
// Servers: REDIS_URL, POSTGRES_URL, MYSQL_URL, else the local default ports.
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { migrateMysqlOutbox, mysqlOutbox } from '../dist/outbox/mysql/index.js';
import {
  migratePostgresOutbox,
  postgresOutbox,
} from '../dist/outbox/postgres/index.js';
import { redisOutbox } from '../dist/outbox/redis/index.js';

const EVENTS = Number(process.env.EVENTS ?? 20_000);
const BACKLOG = Number(process.env.BACKLOG ?? 0);
const CALLERS = [1, 64, 1000];
const BATCH = 500;
const CONCURRENT_CLAIMS = 4;
const context = {
  now: Date.now,
  monotonic: () => performance.now(),
  deadLetterRetention: { maxAge: 1e9, maxCount: 1e6, maxBytes: 1e9 },
  dropped() {},
  deadLettersRemoved() {},
  ready() {},
  warn() {},
};

const payload = (id) =>
  JSON.stringify({
    type: 'order',
    action: 'purchase',
    identifiers: { email: 'customer@example.com', vuid: id },
    data: {
      idempotence_id: id,
      order_id: '42',
      total: 99.5,
      ts: 1_700_000_000,
    },
  });
const newEvents = (count) =>
  Array.from({ length: count }, () => {
    const id = randomUUID();
    return { id, payload: payload(id), createdAt: Date.now() };
  });

async function rate(what, count, work) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const each = Math.round((user + system) / count);
  console.log(
    `  ${what.padEnd(46)} ${Math.round(count / seconds)
      .toLocaleString('en')
      .padStart(9)}/s   ${each} µs CPU each`,
  );
}

/** `callers` that each append one event after another. */
async function append(outbox, events, callers) {
  let next = 0;
  const caller = async () => {
    while (next < events.length) await outbox.append([events[next++]]);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

async function drain(outbox) {
  let count = 0;
  const worker = async () => {
    for (;;) {
      const claimed = await outbox.claim({ limit: BATCH, lease: 60_000 });
      if (claimed.length === 0) return;
      count += await outbox.acknowledge(claimed);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_CLAIMS }, worker));
  return count;
}

async function measure(outbox) {
  await outbox.open(context);
  for (const callers of CALLERS) {
    const events = newEvents(callers === 1 ? EVENTS / 10 : EVENTS);
    await rate(`append, ${callers} caller(s)`, events.length, () =>
      append(outbox, events, callers),
    );
  }
  const { pending } = await outbox.counts();
  await rate(
    `claim ${BATCH} + acknowledge, ${CONCURRENT_CLAIMS} at once`,
    pending,
    () => drain(outbox),
  );
  if (BACKLOG > 0) {
    await rate(
      `append lists of 1000 up to ${BACKLOG} waiting`,
      BACKLOG,
      async () => {
        for (let left = BACKLOG; left > 0; left -= 1000) {
          await outbox.append(newEvents(1000));
        }
      },
    );
    await rate('  counts()', 20, async () => {
      for (let i = 0; i < 20; i++) await outbox.counts();
    });
    await rate(`  first claim of ${BATCH}`, BATCH, async () => {
      const claimed = await outbox.claim({ limit: BATCH, lease: 60_000 });
      await outbox.release(claimed, { delay: 0, failed: true });
    });
    await rate('  claim + acknowledge, all of it', BACKLOG, () =>
      drain(outbox),
    );
  }
  await outbox.close();
}

async function redis() {
  const client = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
  const key = `odp-bench-${randomUUID()}`;
  const xadd = async (pipeline, stream) => {
    for (const { id, payload: text } of newEvents(EVENTS)) {
      pipeline.xadd(stream, '*', 'id', id, 'payload', text);
    }
    await pipeline.exec();
  };
  console.log(
    `redisOutbox, ${EVENTS} events of ${payload(randomUUID()).length} bytes`,
  );
  await rate('(ceiling: XADD alone, one pipeline)', EVENTS, () =>
    xadd(client.pipeline(), `{${key}}:ceiling`),
  );
  await measure(redisOutbox({ client, key }));
  await client.del(...(await client.keys(`{${key}}:*`)));
  await client.quit();
}

async function postgres() {
  const pool = new Pool({
    connectionString:
      process.env.POSTGRES_URL ?? 'postgres://root@127.0.0.1:5432/test',
  });
  const table = `odp_bench_${Date.now()}`;
  await migratePostgresOutbox({ pool, table });
  console.log(`postgresOutbox, ${EVENTS} events`);
  await pool.query(`CREATE TABLE ${table}_ceiling (id text, payload text)`);
  await rate('(ceiling: INSERT alone, 1000 rows each)', EVENTS, async () => {
    for (let left = EVENTS; left > 0; left -= 1000) {
      const events = newEvents(1000);
      await pool.query(
        `INSERT INTO ${table}_ceiling SELECT * FROM unnest($1::text[], $2::text[])`,
        [events.map(({ id }) => id), events.map((event) => event.payload)],
      );
    }
  });
  await measure(postgresOutbox({ pool, table }));
  await pool.query(
    `DROP TABLE ${table}, ${table}_dead_letters, ${table}_outcomes, ${table}_format, ${table}_ceiling`,
  );
  await pool.end();
}

async function mysql() {
  const pool = createPool(
    process.env.MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test',
  );
  const table = `odp_bench_${Date.now()}`;
  await migrateMysqlOutbox({ pool, table });
  console.log(`mysqlOutbox, ${EVENTS} events`);
  await pool.query(
    `CREATE TABLE ${table}_ceiling (id VARCHAR(40), payload TEXT) ENGINE = InnoDB`,
  );
  await rate('(ceiling: INSERT alone, 1000 rows each)', EVENTS, async () => {
    for (let left = EVENTS; left > 0; left -= 1000) {
      const rows = newEvents(1000).map(({ id, payload: text }) => [id, text]);
      await pool.query(`INSERT INTO ${table}_ceiling VALUES ?`, [rows]);
    }
  });
  await measure(mysqlOutbox({ pool, table }));
  await pool.query(
    `DROP TABLE ${table}, ${table}_dead_letters, ${table}_outcomes, ${table}_format, ${table}_ceiling`,
  );
  await pool.end();
}

const servers = { redis, postgres, mysql };
const asked = process.argv.slice(2);
for (const [name, run] of Object.entries(servers)) {
  if (asked.length === 0 || asked.includes(name)) await run();
}
