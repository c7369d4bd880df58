import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import {
  anySteps,
  followsModel,
} from '../../../test/support/shared-outbox-model.js';
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

  const outbox = () => postgresOutbox({ pool, table, notify: false });
  const empty = () =>
    pool.query(`TRUNCATE ${table}, ${table}_dead_letters, ${table}_outcomes`);
  // The server's clock cannot be moved; what it is compared with can.
  const passTime = async (ms: number) => {
    await pool.query(
      `UPDATE ${table} SET due_at = due_at - $1 * interval '1 millisecond'`,
      [ms],
    );
  };

  for (const { name, run } of outboxContract({
    async create() {
      await empty();
      return outbox();
    },
    reopen: outbox,
    shared: true,
    advance: passTime,
  })) {
    it(name, run);
  }

  it('follows the model, whatever two instances do', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        await empty();
        await followsModel([outbox(), outbox()], passTime, steps);
      }),
      { numRuns: 25 },
    );
  });
});
