import {
  Controller,
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  Post,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  memoryOutbox,
  OdpOutboxError,
  OdpService,
  OdpTimeoutError,
  OptimizelyOdpModule,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { expect, onTestFinished, test } from 'vitest';
import { numbered, startOdpApp } from '../support/odp-app.js';

const events = (count: number) =>
  Array.from({ length: count }, (_, n) => numbered(n));

test('close delivers everything accepted, says so and takes nothing more', async () => {
  const { odp, arrived, close, log } = await startOdpApp();
  await odp.sendOdpEvents(events(250));
  await close();
  expect(arrived()).toHaveLength(250);
  expect(log.at(-1)).toEqual({
    level: 'log',
    message: expect.stringContaining('delivered=250 left=0') as string,
  });
  await expect(odp.sendOdpEvent(numbered(1))).rejects.toMatchObject({
    code: 'sdkNotReady',
  });
  odp.trackOdpEvent(numbered(1));
  expect(odp.stats()).toMatchObject({ accepted: 250 });
});

test('while ODP answers 503 for 3 s, the last flush failedAttempts soon enough to deliver all', async () => {
  const { odp, sandbox, clock, close, arrived } = await startOdpApp();
  sandbox.fail({ status: 503 });
  await odp.sendOdpEvents(events(2050));
  const closing = close();
  for (let passed = 0; passed < 3000; passed += 100) {
    await clock.advance(100);
    await sandboxAnswered(odp);
  }
  sandbox.clearFaults();
  for (let passed = 0; passed < 1500; passed += 100) {
    await clock.advance(100);
    await sandboxAnswered(odp);
  }
  await closing;
  expect(arrived()).toHaveLength(2050);
});

/** Real requests take real time, which the clock of the test knows nothing of. */
async function sandboxAnswered(odp: OdpService): Promise<void> {
  await expect.poll(() => odp.stats().inFlight, { interval: 1 }).toBe(0);
}

test('shutdownTimeout bounds the last flush, and what stays behind is told', async () => {
  const { odp, sandbox, clock, close, log } = await startOdpApp({
    delivery: { shutdownTimeout: '2s' },
  });
  sandbox.fail({ hang: true });
  const sent = odp.sendOdpEvent(numbered(1), { awaitDelivery: true });
  const refused = expect(sent).rejects.toBeInstanceOf(OdpTimeoutError);
  const closing = close();
  await clock.advance(2000);
  await closing;
  await refused;
  expect(log.at(-1)).toEqual({
    level: 'warn',
    message: expect.stringContaining(
      '1 event stays behind in the outbox (memory), which survives nothing',
    ) as string,
  });
});

test('of an outbox that cannot be asked, nothing is claimed', async () => {
  const outbox = memoryOutbox();
  const { odp, close, log } = await startOdpApp({ outbox });
  await odp.sendOdpEvent(numbered(1));
  outbox.counts = () => {
    throw new OdpOutboxError('The store is away.');
  };
  await close();
  expect(log.at(-1)).toEqual({
    level: 'warn',
    message: expect.stringMatching(/is unknown.* left=unknown\]$/) as string,
  });
});

test('what was given up was not delivered', async () => {
  const { odp, sandbox, close, log } = await startOdpApp();
  sandbox.fail({ invalid: {} });
  await odp.sendOdpEvent(numbered(1));
  await close();
  expect(log.at(-1)).toEqual({
    level: 'log',
    message: expect.stringMatching(
      /given up or erased .*delivered=0 rejected=1 left=0\]$/,
    ) as string,
  });
});

test('a wrong key does not hold the shutdown up', async () => {
  const { odp, sandbox, clock, until, close } = await startOdpApp();
  sandbox.fail({ status: 403 });
  await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  await until('suspended');
  let closed = false;
  const closing = close().then(() => (closed = true));
  // Three probes, and no more.
  await expect
    .poll(async () => {
      await clock.advance(50);
      return closed;
    })
    .toBe(true);
  await closing;
  expect(clock.monotonic()).toBeLessThan(4000);
});

test('events of requests that end during the shutdown, and of the app’s own hooks, still go', async () => {
  const sandbox = await OdpSandbox.start();
  onTestFinished(() => sandbox.close());
  let enter!: () => void;
  let finish!: () => void;
  const entered = new Promise<void>((resolve) => (enter = resolve));
  const release = new Promise<void>((resolve) => (finish = resolve));

  @Controller()
  class SlowController {
    @Post()
    @SendOdpEvent({ action: 'late', identifiers: { n: '1' } })
    async slow() {
      enter();
      await release;
    }
  }

  @Injectable()
  class Farewell implements OnApplicationShutdown {
    constructor(@Inject(OdpService) private readonly odp: OdpService) {}

    async onApplicationShutdown() {
      await this.odp.sendOdpEvent({
        action: 'farewell',
        identifiers: { n: '2' },
      });
    }
  }

  @Module({ controllers: [SlowController], providers: [Farewell] })
  class ShopModule {}

  const module = await Test.createTestingModule({
    imports: [
      OptimizelyOdpModule.forRoot({ apiKey: 'key', apiHost: sandbox.url }),
      ShopModule,
    ],
  }).compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  const response = fetch(await app.getUrl(), { method: 'POST' });
  await entered;
  const closing = app.close();
  finish();
  expect((await response).status).toBe(201);
  await closing;
  const actions = sandbox.events().map(({ event }) => event.action);
  expect(new Set(actions)).toEqual(new Set(['late', 'farewell']));
});
