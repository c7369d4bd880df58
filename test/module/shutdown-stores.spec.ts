import { randomUUID } from 'node:crypto';
import {
  Controller,
  Global,
  Inject,
  Injectable,
  type LoggerService,
  Module,
  type ModuleMetadata,
  type OnApplicationShutdown,
  Post,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2';
import {
  type OdpOutbox,
  OdpService,
  OptimizelyOdpModule,
  type OptimizelyOdpModuleOptions,
} from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { mysqlOutbox } from '../../src/outbox/mysql/index.js';
import { postgresOutbox } from '../../src/outbox/postgres/index.js';
import { redisOutbox } from '../../src/outbox/redis/index.js';
import { quietContext } from '../support/outboxes.js';
import {
  mysqlService,
  postgresService,
  redisService,
} from '../support/services.js';

let sandbox: OdpSandbox;
beforeEach(async () => {
  sandbox = await OdpSandbox.start();
  return () => sandbox.close();
});

const EVENTS = 300;
const event = (n: number | string) => ({
  action: 'tested',
  identifiers: { n: String(n) },
});
const events = Array.from({ length: EVENTS }, (_, n) => event(n));
const arrived = () => sandbox.events().map((one) => one.event.identifiers['n']);

/** The app's client of a store, an outbox that works through it, and how the app closes it. */
interface Connected {
  readonly outbox: OdpOutbox;
  end(): Promise<unknown>;
}
type Connect = () => Connected;

/** Connects to a place of the test's own. */
const STORES: Record<string, () => Promise<Connect | undefined>> = {
  async Redis() {
    const service = await redisService();
    if (service === undefined) return undefined;
    const key = `odp-shutdown-${randomUUID()}`;
    return () => {
      const client = new Redis(service.url);
      return {
        outbox: redisOutbox({ client, key }),
        end: () => client.quit(),
      };
    };
  },
  async Postgres() {
    const service = await postgresService();
    if (service === undefined) return undefined;
    const table = `odp_${randomUUID().replaceAll('-', '')}`;
    return () => {
      const pool = new Pool({ connectionString: service.url });
      return { outbox: postgresOutbox({ pool, table }), end: () => pool.end() };
    };
  },
  async MySQL() {
    const service = await mysqlService();
    if (service === undefined) return undefined;
    const table = `odp_${randomUUID().replaceAll('-', '')}`;
    return () => {
      const pool = createPool(service.url);
      return {
        outbox: mysqlOutbox({ pool, table }),
        end: () => pool.promise().end(),
      };
    };
  },
};

async function start(
  outbox: OdpOutbox,
  metadata: ModuleMetadata = {},
  delivery: OptimizelyOdpModuleOptions['delivery'] = {},
) {
  const log: string[] = [];
  const write = (message: unknown) => void log.push(String(message));
  const logger: LoggerService = { log: write, warn: write, error: write };
  @Module({
    ...metadata,
    imports: [
      OptimizelyOdpModule.forRoot({
        apiKey: 'key',
        apiHost: sandbox.url,
        outbox,
        delivery,
      }),
      ...(metadata.imports ?? []),
    ],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger });
  await app.listen(0, '127.0.0.1');
  const odp = app.get(OdpService);
  return { app, odp, log };
}

async function pendingIn(connect: Connect): Promise<number> {
  const { outbox, end } = connect();
  await outbox.open(quietContext());
  const { pending } = await outbox.counts();
  await outbox.close();
  await end();
  return pending;
}

describe.each(Object.entries(STORES))('an outbox in %s', (_, connectTo) => {
  test.for([
    'onModuleDestroy',
    'beforeApplicationShutdown',
    'onApplicationShutdown',
    'after app.close()',
  ])(
    'of which the app closes the client in %s: what is under way is recorded first',
    async (hook, context) => {
      const connect = (await connectTo()) ?? context.skip();
      const { outbox, end } = connect();
      @Injectable()
      class Store {}
      Object.assign(Store.prototype, { [hook]: end });
      @Module({ providers: [Store] })
      class StoreModule {}

      const { app, odp, log } = await start(outbox, { imports: [StoreModule] });
      sandbox.fail({ latency: 300 });
      await odp.sendOdpEvents(events);
      void odp.flush();
      await expect.poll(() => odp.stats().inFlight).toBe(EVENTS);
      await app.close();
      if (hook.startsWith('after')) await end();
      expect(await pendingIn(connect)).toBe(0);
      expect(arrived()).toHaveLength(EVENTS);
      expect(new Set(arrived()).size).toBe(EVENTS);
      const last = hook.startsWith('after')
        ? /^Nothing waits in the outbox .*delivered=300 left=0\]$/
        : /^The app has closed the client or pool .*delivered=300 left=unknown\]$/;
      expect(log.at(-1)).toMatch(last);
      expect(log.filter((line) => line.includes('failed'))).toEqual([]);
    },
  );

  test.for(['another', 'itself'])(
    'is left by one of two instances, with requests under way, while a backlog of %s waits: no event is sent twice',
    async (owner, context) => {
      const connect = (await connectTo()) ?? context.skip();
      sandbox.fail({ latency: 200 });
      const delivery = {
        batchSize: 10,
        maxConcurrentRequests: 4,
        shutdownTimeout: 3000,
      };
      const instance = async () => {
        const { outbox, end } = connect();
        const started = await start(outbox, {}, delivery);
        onTestFinished(async () => {
          await started.app.close();
          await end();
        });
        return started;
      };
      const [leaving, staying] = [await instance(), await instance()];
      for (const { odp } of [leaving, staying]) odp.pause();
      const { odp } = owner === 'itself' ? leaving : staying;
      await odp.sendOdpEvents(events);
      for (const one of [leaving, staying]) one.odp.resume();
      await expect.poll(() => leaving.odp.stats().inFlight).toBeGreaterThan(0);
      await leaving.app.close();
      expect(leaving.odp.stats().delivered).toBeGreaterThan(0);
      await expect
        .poll(async () => (await staying.odp.flush()).pending, {
          timeout: 10_000,
        })
        .toBe(0);
      await expect.poll(() => pendingIn(connect)).toBe(0);
      expect(new Set(arrived()).size).toBe(EVENTS);
      expect(arrived()).toHaveLength(EVENTS);
    },
  );

  test('takes events until its client is closed, and delivers them while it is not', async (context) => {
    const connect = (await connectTo()) ?? context.skip();
    const { outbox, end } = connect();
    @Injectable()
    class Jobs {
      constructor(@Inject(OdpService) private readonly odp: OdpService) {}

      async beforeApplicationShutdown() {
        await this.odp.sendOdpEvent(event('job'));
      }

      async onApplicationShutdown() {
        await this.odp.sendOdpEvent(event('last job'));
      }
    }
    const { app } = await start(outbox, { providers: [Jobs] });
    await app.close();
    await end();
    expect(arrived()).toEqual(['job', 'last job']);
    expect(await pendingIn(connect)).toBe(0);
  });

  test('delivers for requests that await it while they end', async (context) => {
    const connect = (await connectTo()) ?? context.skip();
    const { outbox, end } = connect();
    let enter!: () => void;
    const entered = new Promise<void>((resolve) => (enter = resolve));
    let finish!: () => void;
    const closing = new Promise<void>((resolve) => (finish = resolve));
    @Controller()
    class Orders {
      constructor(@Inject(OdpService) private readonly odp: OdpService) {}

      beforeApplicationShutdown() {
        finish();
      }

      @Post()
      async order() {
        enter();
        await closing;
        await this.odp.sendOdpEvent(event('order'), { awaitDelivery: true });
      }
    }
    const { app } = await start(outbox, { controllers: [Orders] });
    const response = fetch(await app.getUrl(), {
      method: 'POST',
      headers: { connection: 'close' },
    });
    await entered;
    await app.close();
    await end();
    expect((await response).status).toBe(201);
    expect(arrived()).toEqual(['order']);
  });
});

test("TypeORM's pool, which its module ends in onApplicationShutdown", async (context) => {
  const service = await postgresService();
  if (service === undefined) {
    context.skip();
    return;
  }
  const table = `odp_${randomUUID().replaceAll('-', '')}`;
  const data = new DataSource({ type: 'postgres', url: service.url });
  await data.initialize();
  // As @nestjs/typeorm does.
  @Global()
  @Module({ providers: [{ provide: DataSource, useValue: data }] })
  class TypeOrmCoreModule implements OnApplicationShutdown {
    constructor(@Inject(DataSource) private readonly source: DataSource) {}

    async onApplicationShutdown() {
      await this.source.destroy();
    }
  }
  const { master: pool } = data.driver as unknown as { master: Pool };
  const { app, odp, log } = await start(postgresOutbox({ pool, table }), {
    imports: [TypeOrmCoreModule],
  });
  sandbox.fail({ latency: 300 });
  await odp.sendOdpEvents(events);
  await app.close();
  expect(arrived()).toHaveLength(EVENTS);
  expect(new Set(arrived()).size).toBe(EVENTS);
  expect(log.at(-1)).toMatch(/^The app has closed .*delivered=300/);
  const own = new Pool({ connectionString: service.url });
  onTestFinished(() => own.end());
  const { rows } = await own.query(`SELECT FROM ${table}`);
  expect(rows).toHaveLength(0);
});
