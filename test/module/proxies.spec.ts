import {
  Controller,
  Get,
  Inject,
  Module,
  type NestApplicationOptions,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createObserveModule } from '@nestjs/observe';
import { TerminusModule } from '@nestjs/terminus';
import {
  OdpService,
  OptimizelyOdpModule,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { OdpOpenTelemetryModule } from 'nestjs-optimizely-odp/opentelemetry';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { OdpHealthIndicator } from 'nestjs-optimizely-odp/terminus';
import { expect, onTestFinished, test } from 'vitest';

type Instrument = NonNullable<NestApplicationOptions['instrument']>;

const NAIVE: Instrument = {
  instanceDecorator: (instance) =>
    typeof instance === 'object' && instance !== null
      ? new Proxy(instance, {})
      : instance,
};

test.each<[string, Instrument | undefined]>([
  ['naive proxies', NAIVE],
  ['@nestjs/observe', createObserveModule().ObserveInstrument],
])('it works behind %s, put around every instance', async (_, instrument) => {
  const sandbox = await OdpSandbox.start();
  onTestFinished(() => sandbox.close());

  @Controller()
  class ShopController {
    constructor(
      @Inject(OdpService) readonly odp: OdpService,
      @Inject(OdpHealthIndicator) readonly health: OdpHealthIndicator,
    ) {}

    @Get()
    @SendOdpEvent({ action: 'decorated' })
    async visit() {
      await this.odp.sendOdpEvent({ action: 'sent' });
      await this.odp.flush();
      return this.health.isHealthy('odp');
    }
  }

  @Module({
    imports: [
      TerminusModule,
      OdpOpenTelemetryModule,
      OptimizelyOdpModule.forRoot({
        apiKey: 'key',
        apiHost: sandbox.url,
        identity: () => ({ email: 'ada@example.com' }),
      }),
    ],
    controllers: [ShopController],
    providers: [OdpHealthIndicator],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, {
    logger: false,
    abortOnError: false,
    instrument,
  });
  await app.listen(0, '127.0.0.1');
  const seen: string[] = [];
  app.get(OdpService).events$.subscribe(({ type }) => void seen.push(type));
  const response = await fetch(await app.getUrl());
  expect([response.status, await response.json()]).toMatchObject([
    200,
    { odp: { status: 'up' } },
  ]);
  expect(app.get(OdpService).stats()).toMatchObject({ delivered: 1 });
  await app.close();
  expect(seen).toContain('delivered');
  expect(
    sandbox.events().map(({ event }) => [event.action, event.identifiers]),
  ).toEqual(
    ['sent', 'decorated'].map((action) => [
      action,
      { email: 'ada@example.com' },
    ]),
  );
});
