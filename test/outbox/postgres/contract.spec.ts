import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { sharedOutboxSuite } from '../../support/shared-outbox-suite.js';
import { postgresService } from '../../support/services.js';
import {
  migratePostgresOutbox,
  postgresOutbox,
} from '../../../src/outbox/postgres/index.js';

const service = await postgresService();

describe.skipIf(service === undefined)('postgresOutbox: contract', () => {
  const schema = `odp_${randomUUID().replaceAll('-', '')}`;
  const table = `${schema}.odp_outbox`;
  let pool: Pool;

  beforeAll(async () => {
    pool = new Pool({ connectionString: service?.url });
    await pool.query(`CREATE SCHEMA ${schema}`);
    await migratePostgresOutbox({ pool, table });
  });

  afterAll(async () => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
    await service?.stop();
  });

  const instance = () => postgresOutbox({ pool, table, notify: false });
  const empty = () =>
    pool.query(`TRUNCATE ${table}, ${table}_dead_letters, ${table}_outcomes`);
  // The server's clock cannot be moved; what it is compared with can.
  const passTime = async (ms: number) => {
    await pool.query(
      `UPDATE ${table} SET due_at = due_at - $1 * interval '1 millisecond'`,
      [ms],
    );
  };

  sharedOutboxSuite({ instance, empty, passTime, runs: 25 });
});
