// How long a Nest app takes to boot, with and without the module: what it takes
// to load, and what it takes to be made and to listen.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { options, report } from '../measure.mjs';

const start = performance.now();
const imports = [];
if (options.ours) {
  const { OptimizelyOdpModule } = await import('../../dist/index.js');
  imports.push(
    OptimizelyOdpModule.forRoot({
      apiKey: 'bench-key',
      apiHost: 'http://127.0.0.1:9',
    }),
  );
}
const loaded = performance.now();
class App {}
Module({ imports })(App);
const app = await NestFactory.create(App, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
const listening = performance.now();
report({
  load: loaded - start,
  boot: listening - loaded,
  whole: listening,
  rss: process.memoryUsage.rss() / 1024 / 1024,
});
