import { MikroORM as MikroMySql } from '@mikro-orm/mysql';
import { MikroORM as MikroPostgres } from '@mikro-orm/postgresql';
import { sql as drizzleSql } from 'drizzle-orm';
import { drizzle as drizzleMySql } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres';
import knexOf from 'knex';
import {
  CompiledQuery,
  Kysely,
  MysqlDialect,
  PostgresDialect,
  type Transaction,
} from 'kysely';
import { createPool as mysqlPool } from 'mysql2';
import { Pool } from 'pg';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { prisma } from './prisma.js';

export type SqlDialect = 'postgres' | 'mysql';

/** A unit of work: rolled back if it throws. `execute` runs a statement in the transaction. */
export type Work = (
  transaction: unknown,
  execute: (text: string) => Promise<unknown>,
) => Promise<void>;

/** How a library runs transactions, and what of it is a pool. */
export interface SqlLibrary {
  readonly name: string;
  run(work: Work): Promise<unknown>;
  /** What somebody may pass by mistake; it would store events at once. */
  pool(): unknown;
  end(): Promise<unknown>;
}

interface Connection {
  query(text: string): Promise<unknown>;
}

async function byHand(connection: Connection, work: Work): Promise<void> {
  try {
    await connection.query('BEGIN');
    await work(connection, (text) => connection.query(text));
    await connection.query('COMMIT');
  } catch (error) {
    await connection.query('ROLLBACK');
    throw error;
  }
}

function nodePostgres(url: string): SqlLibrary {
  const pool = new Pool({ connectionString: url });
  return {
    name: 'pg',
    async run(work) {
      const client = await pool.connect();
      await byHand(client, work).finally(() => client.release());
    },
    pool: () => pool,
    end: () => pool.end(),
  };
}

function mysql2(url: string): SqlLibrary {
  const pool = mysqlPool(url).promise();
  return {
    name: 'mysql2',
    async run(work) {
      const connection = await pool.getConnection();
      await byHand(connection, work).finally(() => connection.release());
    },
    pool: () => pool,
    end: () => pool.end(),
  };
}

function typeOrm(
  name: string,
  url: string,
  type: SqlDialect,
  how: (data: DataSource, work: Work) => Promise<void>,
): SqlLibrary {
  const data = new DataSource({ type, url });
  return {
    name,
    async run(work) {
      if (!data.isInitialized) await data.initialize();
      await how(data, work);
    },
    pool: () => data.manager,
    end: async () => data.isInitialized && data.destroy(),
  };
}

async function queryRunner(data: DataSource, work: Work): Promise<void> {
  const runner = data.createQueryRunner();
  try {
    await runner.startTransaction();
    await work(runner, (text) => runner.query(text));
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction();
    throw error;
  } finally {
    await runner.release();
  }
}

function knex(url: string, client: string): SqlLibrary {
  const db = knexOf({ client, connection: url });
  return {
    name: 'Knex',
    run: (work) =>
      db.transaction((trx) => work(trx, async (text) => trx.raw(text))),
    pool: () => db,
    end: () => db.destroy(),
  };
}

function kysely(url: string, type: SqlDialect): SqlLibrary {
  const db = new Kysely<unknown>({
    dialect:
      type === 'postgres'
        ? new PostgresDialect({ pool: new Pool({ connectionString: url }) })
        : new MysqlDialect({ pool: mysqlPool(url) }),
  });
  return {
    name: 'Kysely',
    run: (work) =>
      db
        .transaction()
        .execute((trx: Transaction<unknown>) =>
          work(trx, (text) => trx.executeQuery(CompiledQuery.raw(text))),
        ),
    pool: () => db,
    end: () => db.destroy(),
  };
}

function drizzle(url: string, type: SqlDialect): SqlLibrary {
  if (type === 'postgres') {
    const pool = new Pool({ connectionString: url });
    const db = drizzlePostgres(pool);
    return {
      name: 'Drizzle',
      run: (work) =>
        db.transaction((tx) =>
          work(tx, async (text) => tx.execute(drizzleSql.raw(text))),
        ),
      pool: () => db,
      end: () => pool.end(),
    };
  }
  const pool = mysqlPool(url).promise();
  const db = drizzleMySql(pool);
  return {
    name: 'Drizzle',
    run: (work) =>
      db.transaction((tx) =>
        work(tx, async (text) => tx.execute(drizzleSql.raw(text))),
      ),
    pool: () => db,
    end: () => pool.end(),
  };
}

function sequelize(url: string): SqlLibrary {
  const db = new Sequelize(url, { logging: false });
  return {
    name: 'Sequelize',
    run: (work) =>
      db.transaction((transaction) =>
        work(transaction, (text) => db.query(text, { transaction })),
      ),
    pool: () => db,
    end: () => db.close(),
  };
}

function mikroOrm(url: string, type: SqlDialect): SqlLibrary {
  const options = {
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
  };
  const orm =
    type === 'postgres'
      ? MikroPostgres.initSync(options)
      : MikroMySql.initSync(options);
  return {
    name: 'MikroORM',
    run: (work) =>
      orm.em
        .fork()
        .transactional((em) =>
          work(em, (text) =>
            em
              .getConnection()
              .execute(text, [], 'run', em.getTransactionContext()),
          ),
        ),
    pool: () => orm.em.fork(),
    end: () => orm.close(),
  };
}

/** Each library that our outboxes join, on a database of this kind. */
export const sqlLibraries = (url: string, type: SqlDialect): SqlLibrary[] => [
  type === 'postgres' ? nodePostgres(url) : mysql2(url),
  typeOrm("TypeORM's EntityManager", url, type, (data, work) =>
    data.transaction((manager) => work(manager, (text) => manager.query(text))),
  ),
  typeOrm("TypeORM's QueryRunner", url, type, queryRunner),
  knex(url, type === 'postgres' ? 'pg' : 'mysql2'),
  kysely(url, type),
  drizzle(url, type),
  sequelize(url),
  mikroOrm(url, type),
  prisma(url, type),
];
