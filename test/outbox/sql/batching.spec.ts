import { Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { postgresOutbox } from '../../../src/outbox/postgres/index.js';
import { withStore } from '../../durability/short.js';
import { numbered, startOdpApp } from '../../support/odp-app.js';

const EVENTS = 60;

test('events of transactions wait for their batch to fill, as all do', (context) =>
  withStore(context, 'postgres', async ({ config }) => {
    if (config.kind !== 'postgres') throw new Error('not Postgres');
    const pool = new Pool({ connectionString: config.url });
    onTestFinished(() => pool.end());
    const { odp, sandbox, clock, until } = await startOdpApp({
      outbox: postgresOutbox({ pool, table: config.table }),
      delivery: { batchSize: 25, flushInterval: 1000 },
    });
    for (let n = 0; n < EVENTS; n++) {
      const client = await pool.connect();
      await client.query('BEGIN');
      await odp.sendOdpEvent(numbered(n), { transaction: client });
      await client.query('COMMIT');
      client.release();
    }
    // Full batches go when they are full, the rest when its time has come.
    await until('delivered', 50);
    await expect.poll(() => odp.stats().inFlight).toBe(0);
    await clock.advance(2000);
    await until('delivered', EVENTS);
    expect(sandbox.requests().length).toBeLessThanOrEqual(6);
    return true;
  }));
