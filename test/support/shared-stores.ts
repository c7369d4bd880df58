import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import type { OdpOutbox } from '../../src/index.js';
import { mysqlOutbox } from '../../src/outbox/mysql/index.js';
import { postgresOutbox } from '../../src/outbox/postgres/index.js';
import { redisOutbox } from '../../src/outbox/redis/index.js';
import {
  mysqlService,
  type OwnService,
  postgresService,
  redisService,
  type Service,
  startMysql,
  startPostgres,
  startRedis,
} from './services.js';
import { deleteKeys } from './redis-client.js';

/** A server that instances of an app share. */
export interface SharedStore {
  readonly name: string;
  service(): Promise<Service | undefined>;
  /** One that may be killed, and keeps what it has confirmed. */
  startOwn(): Promise<OwnService | undefined>;
  /** A place of a test's own on the server of this URL. */
  place(url: string): Place;
}

export interface Place {
  /** An outbox there, with a client of its own that goes this way, as another process of the app has it. */
  instance(way?: string): OdpOutbox;
  /** Makes the store refuse to take anything in, with these words. */
  spoil(): Promise<string>;
  /** Ends all clients and leaves nothing behind. */
  remove(): Promise<void>;
}

const redis: SharedStore = {
  name: 'Redis',
  service: redisService,
  startOwn: () => startRedis('--appendonly', 'yes', '--appendfsync', 'always'),
  place(url) {
    const key = `odp-shared-${randomUUID()}`;
    const clients: Redis[] = [];
    const connect = (way: string) => {
      // Never gives up and queues without end: what apps with BullMQ set.
      const client = new Redis(way, {
        maxRetriesPerRequest: null,
        retryStrategy: () => 50,
      });
      client.on('error', () => {});
      clients.push(client);
      return client;
    };
    return {
      instance: (way = url) => redisOutbox({ client: connect(way), key }),
      async spoil() {
        const client = connect(url);
        await client.del(`{${key}}:events`);
        await client.set(`{${key}}:events`, 'not a hash');
        return 'wrongtype';
      },
      async remove() {
        const client = connect(url);
        await deleteKeys(client, `{${key}}*`);
        for (const each of clients) each.disconnect();
      },
    };
  },
};

const SUFFIXES = ['', '_dead_letters', '_outcomes', '_format'];

const postgres: SharedStore = {
  name: 'Postgres',
  service: postgresService,
  startOwn: startPostgres,
  place(url) {
    const table = `odp_${randomUUID().replaceAll('-', '')}`;
    const pools: Pool[] = [];
    const connect = (connectionString: string) => {
      // No listener for 'error' here: that an idle connection breaks must not end the app.
      const pool = new Pool({ connectionString, max: 4 });
      pools.push(pool);
      return pool;
    };
    return {
      instance: (way = url) => postgresOutbox({ pool: connect(way), table }),
      async spoil() {
        await connect(url).query(
          `ALTER TABLE ${table} ADD CHECK (payload NOT LIKE '%jane%')`,
        );
        return 'violates check constraint';
      },
      async remove() {
        const pool = connect(url);
        for (const suffix of SUFFIXES) {
          await pool.query(`DROP TABLE IF EXISTS ${table}${suffix}`);
        }
        await Promise.all(pools.map((each) => each.end()));
      },
    };
  },
};

const mysql: SharedStore = {
  name: 'MySQL',
  service: mysqlService,
  startOwn: startMysql,
  place(url) {
    const table = `odp_${randomUUID().replaceAll('-', '')}`;
    const pools: ReturnType<typeof createPool>[] = [];
    const connect = (uri: string) => {
      const pool = createPool({ uri, connectionLimit: 4 });
      pools.push(pool);
      return pool;
    };
    return {
      instance: (way = url) => mysqlOutbox({ pool: connect(way), table }),
      async spoil() {
        await connect(url).query(
          `ALTER TABLE ${table} ADD CHECK (payload NOT LIKE '%jane%')`,
        );
        return 'constraint';
      },
      async remove() {
        const pool = connect(url);
        for (const suffix of SUFFIXES) {
          await pool.query(`DROP TABLE IF EXISTS ${table}${suffix}`);
        }
        await Promise.all(pools.map((each) => each.end()));
      },
    };
  },
};

/** Those whose server is here, or can be started here. */
export async function sharedStores() {
  const found = await Promise.all(
    [redis, postgres, mysql].map(async (store) => ({
      store,
      service: await store.service(),
    })),
  );
  return found.flatMap(({ store, service }) =>
    service === undefined ? [] : { ...store, service },
  );
}
