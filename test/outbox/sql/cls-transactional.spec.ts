import {
  TransactionHost,
  ClsPluginTransactional,
} from '@nestjs-cls/transactional';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { Test } from '@nestjs/testing';
import { ClsModule } from 'nestjs-cls';
import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { quietContext, someEvents } from '../../support/outboxes.js';
import { sqlDatabase } from '../../support/sql-databases.js';

it.each(['postgres', 'mysql'] as const)(
  "%s outbox: joins @nestjs-cls's transaction under way without being passed one",
  async (type) => {
    const database = await sqlDatabase(type);
    if (database === undefined) return;
    const data = new DataSource({ type, url: database.url });
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
    const outbox = database.outbox({
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
    await database.remove();
  },
);
