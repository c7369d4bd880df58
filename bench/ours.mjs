// Our own sender, in the app that every user has: Nest with the module in it.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OdpService, OptimizelyOdpModule } from '../dist/index.js';

/** A Nest application without HTTP, and its `OdpService`. */
export async function openOurs(url, moduleOptions = {}) {
  class App {}
  Module({
    imports: [
      OptimizelyOdpModule.forRoot({
        apiKey: 'bench-key',
        apiHost: url,
        ...moduleOptions,
      }),
    ],
  })(App);
  const app = await NestFactory.createApplicationContext(App, {
    logger: ['error', 'warn'],
  });
  return { odp: app.get(OdpService), close: () => app.close() };
}
