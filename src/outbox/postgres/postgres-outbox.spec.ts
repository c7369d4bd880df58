import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { postgresService } from '../../../test/support/services.js';
import { outboxContract } from '../../testing/index.js';
import { migratePostgresOutbox, postgresOutbox } from './index.js';

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

  for (const { name, run } of outboxContract({
    async create() {
      await pool.query(`TRUNCATE ${table}, ${table}_dead_letters`);
      return postgresOutbox({ pool, table, notify: false });
    },
    reopen: () => postgresOutbox({ pool, table, notify: false }),
    shared: true,
    // The server's clock cannot be moved; what it is compared with can.
    async advance(ms) {
      await pool.query(
        `UPDATE ${table} SET due_at = due_at - $1 * interval '1 millisecond'`,
        [ms],
      );
    },
  })) {
    it(name, run);
  }
});
