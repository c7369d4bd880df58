import { randomUUID } from 'node:crypto';
import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe } from 'vitest';
import {
  migrateMysqlOutbox,
  mysqlOutbox,
} from '../../../src/outbox/mysql/index.js';
import { sharedOutboxSuite } from '../../support/shared-outbox-suite.js';
import { mysqlService } from '../../support/services.js';

const service = await mysqlService();

describe.skipIf(service === undefined)('mysqlOutbox: contract', () => {
  const schema = `odp_${randomUUID().replaceAll('-', '')}`;
  const table = `${schema}.odp_outbox`;
  let pool: Pool;

  beforeAll(async () => {
    pool = createPool(service?.url ?? '');
    await pool.query(`CREATE DATABASE ${schema}`);
    await migrateMysqlOutbox({ pool, table });
  });

  afterAll(async () => {
    await pool.query(`DROP DATABASE ${schema}`);
    await pool.end();
    await service?.stop();
  });

  const instance = () => mysqlOutbox({ pool, table });
  const empty = async () => {
    for (const suffix of ['', '_dead_letters', '_outcomes']) {
      await pool.query(`DELETE FROM ${table}${suffix}`);
    }
  };
  // The server's clock cannot be moved; what it is compared with can.
  const passTime = async (ms: number) => {
    await pool.query(
      `UPDATE ${table} SET due_at = due_at - INTERVAL ? MICROSECOND`,
      [ms * 1000],
    );
  };

  sharedOutboxSuite({ instance, empty, passTime, runs: 25 });
});
