// The servers that pages use, with a database of this run's own.
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import { Redis } from 'ioredis';
import {
  mysqlService,
  postgresService,
  redisService,
} from '../../test/support/services.ts';

const NAME = `odp_docs_${process.pid}`;
/** Where nobody keeps anything, as far as one can know. */
const REDIS_DATABASE = 15;

/** @returns the environment that names them, and how to be done with them */
export async function startStores() {
  const services = {
    redis: await redisService(),
    postgres: await postgresService(),
    mysql: await mysqlService(),
  };
  for (const [name, service] of Object.entries(services)) {
    if (service === undefined) {
      throw new Error(`Snippets need ${name}, and none is here: start it.`);
    }
  }
  const { redis, postgres, mysql } = services;
  await inPostgres(postgres.url, `CREATE DATABASE ${NAME}`);
  await inMysql(mysql.url, `CREATE DATABASE ${NAME}`);
  const at = new URL(postgres.url);
  const mysqlUrl = new URL(mysql.url);
  mysqlUrl.pathname = NAME;
  const redisUrl = new URL(redis.url);
  redisUrl.pathname = String(REDIS_DATABASE);
  return {
    env: {
      PGHOST: at.hostname,
      PGPORT: at.port || '5432',
      PGUSER: at.username,
      PGPASSWORD: at.password,
      PGDATABASE: NAME,
      DATABASE_URL: mysqlUrl.href,
      REDIS_URL: redisUrl.href,
    },
    async stop() {
      await inPostgres(postgres.url, `DROP DATABASE ${NAME} WITH (FORCE)`);
      await inMysql(mysql.url, `DROP DATABASE ${NAME}`);
      await forgetOutbox(redisUrl.href);
      for (const service of Object.values(services)) await service.stop();
    },
  };
}

async function inPostgres(connectionString, text) {
  const client = new Client({ connectionString });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

async function inMysql(uri, text) {
  const connection = await createConnection(uri);
  await connection.query(text).finally(() => connection.end());
}

/** The keys of the outbox that pages name `odp`. */
async function forgetOutbox(url) {
  const client = new Redis(url);
  const keys = await client.keys('{odp}:*');
  if (keys.length > 0) await client.del(keys);
  client.disconnect();
}
