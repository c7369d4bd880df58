import { createPool } from 'mysql2';
import { createPool as createPromisePool } from 'mysql2/promise';
import { memoryOutbox, OdpConfigurationError } from 'nestjs-optimizely-odp';
import { fileOutbox } from 'nestjs-optimizely-odp/outbox/file';
import {
  migrateMysqlOutbox,
  mysqlOutbox,
} from 'nestjs-optimizely-odp/outbox/mysql';
import { postgresOutbox } from 'nestjs-optimizely-odp/outbox/postgres';
import { redisOutbox } from 'nestjs-optimizely-odp/outbox/redis';
import { Client, Pool } from 'pg';
import { expect, test } from 'vitest';

// None of them connects before it is used.
const pool = new Pool();
const callbackPool = createPool({});
const promisePool = createPromisePool({});
const redis = { call: () => {}, on: () => {} };

/** What a JavaScript caller, or an object made elsewhere, may pass. */
const wrong = (options: object) => options as never;

test.each([
  [
    'memoryOutbox.capacitty',
    () => memoryOutbox(wrong({ capacitty: 1 })),
    'capacity is probably meant',
  ],
  [
    'memoryOutbox.capacity',
    () => memoryOutbox(wrong({ capacity: '5' })),
    'must be a whole number',
  ],
  [
    'memoryOutbox',
    () => memoryOutbox(wrong([])),
    'must be an object of options',
  ],
  [
    'fileOutbox.dir',
    () => fileOutbox(wrong({ path: './a', dir: './b' })),
    'there are path, capacity',
  ],
  ['fileOutbox.path', () => fileOutbox(wrong({})), 'must name a directory'],
  [
    'redisOutbox.prefix',
    () => redisOutbox(wrong({ client: redis, prefix: 'a' })),
    'there are client, key',
  ],
  [
    'postgresOutbox.tabel',
    () => postgresOutbox(wrong({ pool, tabel: 'a' })),
    'there are pool, table',
  ],
  [
    'postgresOutbox.tableName',
    () => postgresOutbox(wrong({ pool, tableName: 'a' })),
    'is not an option',
  ],
  [
    'postgresOutbox.table',
    () => postgresOutbox(wrong({ pool, table: 7 })),
    'must be a name such as',
  ],
  [
    'postgresOutbox.notify',
    () => postgresOutbox(wrong({ pool, notify: 'false' })),
    'must be true or false (it is "false")',
  ],
  [
    'postgresOutbox.currentTransaction',
    () => postgresOutbox(wrong({ pool, currentTransaction: {} })),
    'must be a function',
  ],
  [
    'postgresOutbox.pool',
    () => postgresOutbox(wrong({ pool: new Client() })),
    'not a Client',
  ],
  [
    'postgresOutbox.pool',
    () => postgresOutbox(wrong({})),
    "new Pool(…) from 'pg'",
  ],
  [
    'mysqlOutbox.tabel',
    () => mysqlOutbox(wrong({ pool: promisePool, tabel: 'a' })),
    'there are pool, table',
  ],
  [
    'mysqlOutbox.pool',
    () => mysqlOutbox(wrong({ pool: {} })),
    'not a connection',
  ],
  [
    'mysqlOutbox.currentTransaction',
    () => mysqlOutbox(wrong({ pool: promisePool, currentTransaction: 1 })),
    'must be a function',
  ],
])('%s is refused in words', (path, make, words) => {
  expect(make).toThrow(OdpConfigurationError);
  expect(make).toThrow(
    expect.objectContaining({
      problems: [{ path, message: expect.stringContaining(words) as string }],
    }) as Error,
  );
});

test('every problem is listed', async () => {
  expect(() =>
    postgresOutbox(wrong({ table: 'no name', notify: 1, key: 'a' })),
  ).toThrow(/\.pool .*\.table .*\.notify .*\.key /);
  await expect(
    migrateMysqlOutbox(wrong({ pool: promisePool, name: 'a' })),
  ).rejects.toThrow(/mysqlOutbox\.name is not an option/);
});

test('both pools of mysql2 are taken, and undefined or null stands for the default', () => {
  const table = undefined;
  expect(mysqlOutbox({ pool: callbackPool, table }).name).toBe(
    'mysql (odp_outbox)',
  );
  expect(mysqlOutbox({ pool: promisePool, table: null as never }).name).toBe(
    'mysql (odp_outbox)',
  );
});
