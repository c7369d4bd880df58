import { randomUUID } from 'node:crypto';
import { BullModule, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import {
  Controller,
  Get,
  Global,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import {
  CommandHandler,
  CqrsModule,
  EventBus,
  type ICommandHandler,
  type IEvent,
  ofType,
  Saga,
} from '@nestjs/cqrs';
import {
  ClientProxyFactory,
  EventPattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { ScheduleModule, Timeout } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import type { Queue } from 'bullmq';
import {
  OdpService,
  OptimizelyOdpModule,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { lastValueFrom, map, type Observable } from 'rxjs';
import { beforeEach, expect, test } from 'vitest';
import { actions } from '../decorators/support.js';
import { freePort } from '../support/services.js';

let sandbox: OdpSandbox;
beforeEach(async () => {
  sandbox = await OdpSandbox.start();
  return () => sandbox.close();
});

const odpModule = () =>
  OptimizelyOdpModule.forRoot({ apiKey: 'key', apiHost: sandbox.url });

const event = (action: string) => ({ action, identifiers: { n: '1' } });
const arrived = () => actions(sandbox.events().map(({ event: one }) => one));

async function start(metadata: ModuleMetadata) {
  const module = await Test.createTestingModule(metadata).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

/** Lets a test hold work back until the app is closing. */
function latch() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

test.each(['before', 'after'])(
  'a BullMQ job that still runs gets its event out, with BullModule imported %s ours',
  async (order) => {
    const name = `odp-shutdown-${randomUUID()}`;
    const begun = latch();
    const closing = latch();

    @Processor(name)
    class Renewals extends WorkerHost {
      constructor(@Inject(OdpService) private readonly odp: OdpService) {
        super();
      }

      async process() {
        begun.open();
        await closing.opened;
        await this.odp.sendOdpEvent(event('renewed'));
      }
    }

    @Global()
    @Module({
      imports: [
        BullModule.forRoot({ connection: { host: '127.0.0.1', port: 6379 } }),
        BullModule.registerQueue({ name }),
      ],
      providers: [Renewals],
      exports: [BullModule],
    })
    class JobsModule {}

    @Injectable()
    class Renewer {
      constructor(@InjectQueue(name) readonly queue: Queue) {}
    }

    const modules = [JobsModule, odpModule()];
    const app = await start({
      imports: order === 'before' ? modules : modules.toReversed(),
      providers: [Renewer],
    });
    const renewer = app.get(Renewer);
    await renewer.queue.add('renew', {}, { removeOnComplete: true });
    await begun.opened;
    const closed = app.close();
    closing.open();
    await closed;
    expect(arrived()).toEqual(['renewed']);
  },
);

test('hooks of every module come before the last flush, whatever its place', async () => {
  @Injectable()
  class Farewell implements OnApplicationShutdown {
    constructor(@Inject(OdpService) private readonly odp: OdpService) {}

    async onApplicationShutdown() {
      await new Promise((resolve) => setImmediate(resolve));
      await this.odp.sendOdpEvent(event('farewell'));
    }
  }
  @Global()
  @Module({ providers: [Farewell] })
  class GlobalModule {}
  @Module({ providers: [Farewell] })
  class FeatureModule {}

  const app = await start({
    imports: [GlobalModule, odpModule(), FeatureModule],
  });
  await app.close();
  expect(arrived()).toEqual(['farewell', 'farewell']);
});

test('an account that was lazily loaded serves decorators that ran before, and is flushed at close', async () => {
  @Controller()
  class ShopController {
    @Get()
    @SendOdpEvent(event('seen'))
    see() {}
  }
  const app = await start({ controllers: [ShopController] });
  const url = await app.getUrl();
  expect((await fetch(url)).status).toBe(200);
  const loaded = await app.get(LazyModuleLoader).load(() =>
    OptimizelyOdpModule.forRoot({
      apiKey: 'key',
      apiHost: sandbox.url,
      delivery: { flushInterval: '1h' },
    }),
  );
  expect((await fetch(url)).status).toBe(200);
  loaded.get(OdpService).trackOdpEvent(event('loaded'));
  await app.close();
  expect(arrived()).toEqual(['loaded', 'seen']);
});

test('a scheduled job that still runs gets its event out', async () => {
  const begun = latch();
  const closing = latch();

  @Injectable()
  class Reminders {
    constructor(@Inject(OdpService) private readonly odp: OdpService) {}

    @Timeout(1)
    async remind() {
      begun.open();
      await closing.opened;
      await this.odp.sendOdpEvent(event('reminded'));
    }
  }

  const app = await start({
    imports: [ScheduleModule.forRoot(), odpModule()],
    providers: [Reminders],
  });
  await begun.opened;
  const closed = app.close();
  closing.open();
  await closed;
  expect(arrived()).toEqual(['reminded']);
});

test('a command that a saga has set off and that still runs gets its event out', async () => {
  const begun = latch();
  const closing = latch();
  class OrderPaid {}
  class SendReceipt {}

  @CommandHandler(SendReceipt)
  class SendReceiptHandler implements ICommandHandler<SendReceipt> {
    constructor(@Inject(OdpService) private readonly odp: OdpService) {}

    async execute() {
      begun.open();
      await closing.opened;
      await this.odp.sendOdpEvent(event('receipted'));
    }
  }

  @Injectable()
  class Sagas {
    @Saga()
    paid = (events: Observable<IEvent>) =>
      events.pipe(
        ofType(OrderPaid),
        map(() => new SendReceipt()),
      );
  }

  const app = await start({
    imports: [CqrsModule.forRoot(), odpModule()],
    providers: [SendReceiptHandler, Sagas],
  });
  app.get(EventBus).publish(new OrderPaid());
  await begun.opened;
  const closed = app.close();
  closing.open();
  await closed;
  expect(arrived()).toEqual(['receipted']);
});

test('a microservice handler that still runs gets its event out', async () => {
  const begun = latch();
  const closing = latch();

  @Controller()
  class Payments {
    constructor(@Inject(OdpService) private readonly odp: OdpService) {}

    @EventPattern('paid')
    async paid(_payment: unknown) {
      begun.open();
      await closing.opened;
      await this.odp.sendOdpEvent(event('paid'));
    }
  }

  const port = await freePort();
  const options = { host: '127.0.0.1', port };
  const module = await Test.createTestingModule({
    imports: [odpModule()],
    controllers: [Payments],
  }).compile();
  const service = module.createNestMicroservice<MicroserviceOptions>({
    transport: Transport.TCP,
    options,
    logger: false,
  });
  await service.listen();
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options,
  });
  await lastValueFrom(client.emit('paid', {}), { defaultValue: undefined });
  await begun.opened;
  const closed = service.close();
  closing.open();
  await closed;
  await client.close();
  expect(arrived()).toEqual(['paid']);
});
