import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2';
import {
  memoryOutbox,
  type OdpOutbox,
  OptimizelyOdpModule,
} from 'nestjs-optimizely-odp';
import { fileOutbox } from 'nestjs-optimizely-odp/outbox/file';
import { mysqlOutbox } from 'nestjs-optimizely-odp/outbox/mysql';
import { postgresOutbox } from 'nestjs-optimizely-odp/outbox/postgres';
import { redisOutbox } from 'nestjs-optimizely-odp/outbox/redis';
import { Pool } from 'pg';
import { afterAll, expect, test } from 'vitest';
import {
  mysqlService,
  postgresService,
  redisService,
} from '../support/services.js';
import { deleteKeys } from '../support/redis-client.js';

const unique = `odp_${randomUUID().replaceAll('-', '')}`;
const cleanUps: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

/** Names a place with one client; a given spelling is another way to write the same place. */
type Place = (name: string, spelling?: 'other') => OdpOutbox;

async function kinds() {
  const found: [option: string, place: Place][] = [];
  const folder = await mkdtemp(join(tmpdir(), 'odp-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  found.push([
    'fileOutbox.path',
    (name, spelling) => {
      const path = join(folder, name);
      return fileOutbox({
        path: spelling === undefined ? path : relative('.', path),
      });
    },
  ]);
  const [postgres, mysql, redis] = [
    await postgresService(),
    await mysqlService(),
    await redisService(),
  ];
  const tables = ['a', 'b'].flatMap((name) =>
    ['', '_dead_letters', '_outcomes', '_format'].map(
      (suffix) => unique + name + suffix,
    ),
  );
  if (postgres !== undefined) {
    const pool = new Pool({ connectionString: postgres.url });
    cleanUps.push(postgres.stop, async () => {
      // The app that was refused lets go of it.
      await pool.end();
      const other = new Pool({ connectionString: postgres.url });
      await other.query(`DROP TABLE IF EXISTS ${tables.join(', ')}`);
      await other.end();
    });
    found.push([
      'postgresOutbox.table',
      (name) => postgresOutbox({ pool, table: unique + name }),
    ]);
  }
  if (mysql !== undefined) {
    const pool = createPool(mysql.url);
    cleanUps.push(mysql.stop, async () => {
      await pool.promise().end();
      const other = createPool(mysql.url).promise();
      await other.query(`DROP TABLE IF EXISTS ${tables.join(', ')}`);
      await other.end();
    });
    found.push([
      'mysqlOutbox.table',
      (name, spelling) =>
        mysqlOutbox({
          pool: spelling === undefined ? pool : pool.promise(),
          table: unique + name,
        }),
    ]);
  }
  if (redis !== undefined) {
    const client = new Redis(redis.url);
    cleanUps.push(redis.stop, async () => {
      await deleteKeys(client, `{${unique}*`);
      client.disconnect();
    });
    found.push([
      'redisOutbox.key',
      (name) => redisOutbox({ client, key: unique + name }),
    ]);
  }
  return found;
}

const silent = () => {};

async function boot(one: OdpOutbox, other: OdpOutbox, enabled = true) {
  const options = { apiKey: 'key', apiHost: 'http://127.0.0.1:9' };
  const module = await Test.createTestingModule({
    imports: [
      OptimizelyOdpModule.forRoot({ ...options, outbox: one }),
      OptimizelyOdpModule.forRoot({
        ...options,
        name: 'emea',
        outbox: other,
        enabled,
      }),
    ],
  })
    .setLogger({ log: silent, warn: silent, error: silent })
    .compile();
  await module.init();
  await module.close();
}

const refusal = (path: string) => ({
  code: 'invalidConfiguration',
  problems: [
    {
      path,
      message: expect.stringMatching(
        /^must differ between the accounts '(?:default' and 'emea|emea' and 'default)': /,
      ) as string,
    },
  ],
});

test.each(await kinds())(
  'two accounts with the same %s are refused at boot',
  async (option, place) => {
    await boot(place('a'), place('b'));
    await boot(place('a'), place('a'), false);
    await expect(boot(place('a'), place('a', 'other'))).rejects.toMatchObject(
      refusal(option),
    );
  },
);

test('two accounts with one outbox are refused at boot; two memory outboxes are not', async () => {
  await boot(memoryOutbox(), memoryOutbox());
  const outbox = memoryOutbox();
  await expect(boot(outbox, outbox)).rejects.toMatchObject(refusal('outbox'));
});
