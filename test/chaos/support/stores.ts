import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import {
  migrateMysqlOutbox,
  mysqlOutbox,
} from '../../../src/outbox/mysql/index.js';
import {
  migratePostgresOutbox,
  postgresOutbox,
} from '../../../src/outbox/postgres/index.js';
import { redisOutbox } from '../../../src/outbox/redis/index.js';
import { passTime } from '../../support/redis-clock.js';
import {
  mysqlService,
  postgresService,
  redisService,
  type Service,
} from '../../support/services.js';
import type { OutboxConfig } from './config.js';

/** Where apps of one test keep their events. */
export interface Store {
  readonly config: OutboxConfig;
  /** Ends every lease, as time does, for tests that do not wait for it. */
  endLeases(): Promise<void>;
  remove(): Promise<void>;
}

export type ServerKind = 'redis' | 'postgres' | 'mysql';
export type DurableKind = 'file' | ServerKind;

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<{
  path: string;
  remove(): Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), 'odp-chaos-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

async function fileStore(): Promise<Store> {
  const { path, remove } = await temporaryFolder();
  return {
    config: { kind: 'file', path: join(path, 'outbox') },
    endLeases: async () => {},
    remove,
  };
}

async function redisStore({ url }: Service): Promise<Store> {
  const key = `chaos-${randomUUID()}`;
  const client = new Redis(url, { retryStrategy: () => 50 });
  client.on('error', () => {});
  return {
    config: { kind: 'redis', url, key },
    endLeases: () => passTime(client, key, 3_600_000),
    async remove() {
      await client.del(await client.keys(`{${key}}:*`));
      await client.quit();
    },
  };
}

async function postgresStore({ url }: Service): Promise<Store> {
  const table = `chaos_${randomUUID().replaceAll('-', '')}`;
  const pool = new Pool({ connectionString: url, max: 1 });
  // Some tests kill the server while this connection is idle.
  pool.on('error', () => {});
  await migratePostgresOutbox({ pool, table });
  return {
    config: { kind: 'postgres', url, table },
    async endLeases() {
      await pool.query(
        `UPDATE ${table} SET due_at = now() WHERE claim IS NOT NULL`,
      );
    },
    async remove() {
      await pool.query(
        `DROP TABLE ${table}, ${table}_dead_letters, ${table}_outcomes, ${table}_format`,
      );
      await pool.end();
    },
  };
}

async function mysqlStore({ url }: Service): Promise<Store> {
  const table = `chaos_${randomUUID().replaceAll('-', '')}`;
  const pool = createPool({ uri: url, connectionLimit: 1 });
  await migrateMysqlOutbox({ pool, table });
  return {
    config: { kind: 'mysql', url, table },
    async endLeases() {
      await pool.query(
        `UPDATE ${table} SET due_at = UTC_TIMESTAMP(6) WHERE claim <> 0`,
      );
    },
    async remove() {
      await pool.query(
        `DROP TABLE ${table}, ${table}_dead_letters, ${table}_outcomes, ${table}_format`,
      );
      await pool.end();
    },
  };
}

/** Runs something on a new, empty store; resolves to `undefined` where there is no such service. */
export async function onStore<T>(
  kind: DurableKind,
  run: (store: Store) => Promise<T>,
): Promise<T | undefined> {
  const service = kind === 'file' ? undefined : await SERVICES[kind]();
  if (kind !== 'file' && service === undefined) return undefined;
  try {
    const store = await newStore(kind, service);
    try {
      return await run(store);
    } finally {
      await store.remove();
    }
  } finally {
    await service?.stop();
  }
}

const SERVICES = {
  redis: redisService,
  postgres: postgresService,
  mysql: mysqlService,
};

const STORES = {
  redis: redisStore,
  postgres: postgresStore,
  mysql: mysqlStore,
};

/** A new, empty store on a server. */
export const storeOn = (kind: ServerKind, service: Service): Promise<Store> =>
  STORES[kind](service);

const newStore = (kind: DurableKind, service: Service | undefined) =>
  kind === 'file' || service === undefined
    ? fileStore()
    : storeOn(kind, service);

/** An outbox of an instance of its own, and how to be done with its connections. */
export function instanceOf({ config }: Store) {
  if (config.kind === 'redis') {
    const client = new Redis(config.url);
    return {
      outbox: redisOutbox({ client, key: config.key }),
      end: () => client.disconnect(),
    };
  }
  if (config.kind === 'mysql') {
    const pool = createPool({ uri: config.url, connectionLimit: 3 });
    return {
      outbox: mysqlOutbox({ pool, table: config.table }),
      end: () => pool.end(),
    };
  }
  if (config.kind !== 'postgres') throw new TypeError('Not a shared outbox.');
  const pool = new Pool({ connectionString: config.url, max: 3 });
  return {
    outbox: postgresOutbox({ pool, table: config.table }),
    end: () => pool.end(),
  };
}
