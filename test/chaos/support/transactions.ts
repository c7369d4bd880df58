import knexOf from 'knex';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresTransaction } from '../../../src/outbox/postgres/index.js';

export type Work = (transaction: PostgresTransaction) => Promise<void>;

/** How an app runs a transaction with a library. */
export interface Library {
  readonly name: string;
  /** Commits when the work is done, rolls back when it throws. */
  run(work: Work): Promise<void>;
  close(): Promise<unknown>;
}

/** The ways that docs/postgres-outbox.md shows. */
export async function libraries(url: string): Promise<Library[]> {
  const pool = new Pool({ connectionString: url, max: 4 });
  const data = new DataSource({ type: 'postgres', url });
  await data.initialize();
  const knex = knexOf({ client: 'pg', connection: url, pool: { max: 4 } });
  return [
    {
      name: 'pg',
      async run(work) {
        const client = await pool.connect();
        try {
          await client.query('BEGIN');
          await work(client);
          await client.query('COMMIT');
        } catch (error) {
          await client.query('ROLLBACK');
          throw error;
        } finally {
          client.release();
        }
      },
      close: () => pool.end(),
    },
    {
      name: 'typeorm',
      run: (work) => data.transaction((manager) => work(manager)),
      close: () => data.destroy(),
    },
    {
      name: 'knex',
      run: (work) =>
        knex.transaction((trx) =>
          work({
            query: async (text, values) =>
              trx.raw(text.replaceAll(/\$\d+/g, '?'), values as string[]),
          }),
        ),
      close: () => knex.destroy(),
    },
  ];
}
