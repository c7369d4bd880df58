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
import { Test } from '@nestjs/testing';
import type { Queue } from 'bullmq';
import {
  OdpService,
  OptimizelyOdpModule,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { beforeEach, expect, test } from 'vitest';
import { actions } from '../decorators/support.js';

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
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

test.each(['before', 'after'])(
  'a BullMQ job that still runs gets its event out, with BullModule imported %s ours',
  async (order) => {
    const name = `odp-shutdown-${randomUUID()}`;
    const begun = gate();
    const closing = gate();

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
