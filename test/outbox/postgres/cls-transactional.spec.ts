import { randomUUID } from 'node:crypto';
import {
  TransactionHost,
  ClsPluginTransactional,
} from '@nestjs-cls/transactional';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { Test } from '@nestjs/testing';
import { ClsModule } from 'nestjs-cls';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { postgresOutbox } from '../../../src/outbox/postgres/index.js';
import { quietContext, someEvents } from '../../support/outboxes.js';
import { postgresService } from '../../support/services.js';

const service = await postgresService();

describe.skipIf(service === undefined)('postgresOutbox: @nestjs-cls', () => {
  it('joins the transaction under way without being passed one', async () => {
    const schema = `odp_${randomUUID().replaceAll('-', '')}`;
    const pool = new Pool({ connectionString: service?.url });
    await pool.query(`CREATE SCHEMA ${schema}`);
    const data = new DataSource({ type: 'postgres', url: service?.url });
    const nest = await Test.createTestingModule({
      imports: [
        ClsModule.forRoot({
          plugins: [
            new ClsPluginTransactional({
              imports: [
                {
                  module: class {},
                  providers: [
                    {
                      provide: DataSource,
                      useFactory: () => data.initialize(),
                    },
                  ],
                  exports: [DataSource],
                },
              ],
              adapter: new TransactionalAdapterTypeOrm({
                dataSourceToken: DataSource,
              }),
            }),
          ],
        }),
      ],
    }).compile();
    await nest.init();
    const txHost = nest.get(TransactionHost);
    const outbox = postgresOutbox({
      pool,
      table: `${schema}.odp_outbox`,
      currentTransaction: () =>
        txHost.isTransactionActive() ? txHost.tx : undefined,
    });
    await outbox.open(quietContext());
    const work = (fails: boolean) =>
      txHost.withTransaction(async () => {
        await outbox.append(someEvents(2));
        expect(await outbox.counts()).toMatchObject({ pending: 0 });
        if (fails) throw new Error('no stock');
      });

    await expect(work(true)).rejects.toThrow('no stock');
    expect(await outbox.counts()).toMatchObject({ pending: 0 });
    await work(false);
    expect(await outbox.counts()).toMatchObject({ pending: 2 });
    await outbox.append(someEvents(1));
    expect(await outbox.counts()).toMatchObject({ pending: 3 });

    await outbox.close();
    await nest.close();
    await data.destroy();
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
    await service?.stop();
  });
});
