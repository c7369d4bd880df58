import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type OdpDeliveryOptions,
  type OdpOutbox,
  OdpService,
  OptimizelyOdpModule,
} from '../../../src/index.js';

/** An app in this process, for what needs no process of its own. */
export async function embeddedApp(options: {
  readonly apiHost: string;
  readonly outbox: OdpOutbox;
  readonly delivery?: Partial<OdpDeliveryOptions>;
}): Promise<{ readonly odp: OdpService; close(): Promise<void> }> {
  @Module({
    imports: [OptimizelyOdpModule.forRoot({ apiKey: 'test-key', ...options })],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, {
    logger: false,
  });
  return { odp: app.get(OdpService), close: () => app.close() };
}
