import { randomUUID } from 'node:crypto';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import type { OdpOutbox } from '../../src/index.js';
import {
  migrateMysqlOutbox,
  mysqlOutbox,
} from '../../src/outbox/mysql/index.js';
import {
  migratePostgresOutbox,
  postgresOutbox,
} from '../../src/outbox/postgres/index.js';
import { mysqlService, postgresService, type Service } from './services.js';
import type { SqlDialect } from './sql-libraries.js';

/** A schema of a test's own, with the tables of an outbox in it. */
export interface SqlDatabase {
  readonly type: SqlDialect;
  readonly url: string;
  readonly schema: string;
  readonly table: string;
  /** Runs a statement beside all transactions; gives rows back. */
  query(text: string): Promise<Record<string, unknown>[]>;
  /** Another outbox on the same table, with a pool of its own if it is given one. */
  outbox(options?: {
    readonly pool?: unknown;
    readonly currentTransaction?: () => unknown;
  }): OdpOutbox;
  /** Another pool, of so many connections. */
  pool(size: number): SqlPool;
  /** Removes every row of the outbox. */
  empty(): Promise<void>;
  /** What the server throws from then on at an INSERT into the outbox, as if two transactions met; until the end of `work`. */
  refusing<T>(work: () => Promise<T>): Promise<T>;
  /** The code of that. */
  readonly refusal: string;
  remove(): Promise<void>;
}

/** A pool of a driver, and how to get a connection from it, whichever it is. */
export interface SqlPool {
  readonly pool: { connect(): Promise<SqlConnection> };
  end(): Promise<void>;
}

export interface SqlConnection {
  query(text: string): Promise<unknown>;
  release(): void;
}

const SUFFIXES = ['', '_dead_letters', '_outcomes'];

async function postgres(service: Service): Promise<SqlDatabase> {
  const schema = `odp_${randomUUID().replaceAll('-', '')}`;
  const table = `${schema}.odp_outbox`;
  const own = new Pool({ connectionString: service.url });
  const query = async (text: string) =>
    (await own.query<Record<string, unknown>>(text)).rows;
  await query(`CREATE SCHEMA ${schema}`);
  await migratePostgresOutbox({ pool: own, table });
  await query(`CREATE TABLE ${schema}.refusing (yes integer)`);
  await query(`
    CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT FROM ${schema}.refusing) THEN
        RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
      END IF;
      RETURN NEW;
    END $$`);
  await query(
    `CREATE TRIGGER refuse BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse()`,
  );
  return {
    type: 'postgres',
    url: service.url,
    schema,
    table,
    query,
    outbox: ({ pool = own, ...options } = {}) =>
      postgresOutbox({ pool: pool as Pool, table, notify: false, ...options }),
    pool(size) {
      const pool = new Pool({ connectionString: service.url, max: size });
      return { pool, end: () => pool.end() };
    },
    refusal: '40001',
    ...common(query, schema, table),
    async remove() {
      await query(`DROP SCHEMA ${schema} CASCADE`);
      await own.end();
      await service.stop();
    },
  };
}

async function mysql(service: Service): Promise<SqlDatabase> {
  const schema = `odp_${randomUUID().replaceAll('-', '')}`;
  const table = `${schema}.odp_outbox`;
  const own = createPool(service.url);
  const query = async (text: string) => {
    const [rows] = await own.query(text);
    return rows as Record<string, unknown>[];
  };
  await query(`CREATE DATABASE ${schema}`);
  await migrateMysqlOutbox({ pool: own, table });
  await query(`CREATE TABLE ${schema}.refusing (yes integer)`);
  await query(`
    CREATE TRIGGER ${schema}.refuse BEFORE INSERT ON ${table} FOR EACH ROW
    BEGIN
      IF EXISTS (SELECT 1 FROM ${schema}.refusing) THEN
        SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found';
      END IF;
    END`);
  return {
    type: 'mysql',
    url: service.url,
    schema,
    table,
    query,
    outbox: ({ pool = own, ...options } = {}) =>
      mysqlOutbox({ pool: pool as typeof own, table, ...options }),
    pool(size) {
      const pool = createPool({ uri: service.url, connectionLimit: size });
      return {
        pool: Object.assign(pool, { connect: () => pool.getConnection() }),
        end: () => pool.end(),
      };
    },
    refusal: 'ER_LOCK_DEADLOCK',
    ...common(query, schema, table),
    async remove() {
      await query(`DROP DATABASE ${schema}`);
      await own.end();
      await service.stop();
    },
  };
}

const common = (
  query: SqlDatabase['query'],
  schema: string,
  table: string,
): Pick<SqlDatabase, 'empty' | 'refusing'> => ({
  async empty() {
    for (const suffix of SUFFIXES) await query(`DELETE FROM ${table}${suffix}`);
  },
  async refusing(work) {
    await query(`INSERT INTO ${schema}.refusing VALUES (1)`);
    try {
      return await work();
    } finally {
      await query(`DELETE FROM ${schema}.refusing`);
    }
  },
});

/** A database of each kind of which there is a server. */
export async function sqlDatabases(): Promise<readonly SqlDatabase[]> {
  const databases = [await sqlDatabase('postgres'), await sqlDatabase('mysql')];
  return databases.filter((database) => database !== undefined);
}

/** A database of this kind, or `undefined` where there is no such server. */
export async function sqlDatabase(
  type: SqlDialect,
): Promise<SqlDatabase | undefined> {
  const service = await (type === 'postgres'
    ? postgresService()
    : mysqlService());
  if (service === undefined) return undefined;
  return type === 'postgres' ? postgres(service) : mysql(service);
}
