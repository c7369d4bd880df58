/**
 * A script as users write it: `node script-child.ts <apiHost> <how it ends>`.
 * Started by script.spec.ts.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OdpService, OptimizelyOdpModule } from '../../src/index.js';

const [apiHost = '', end] = process.argv.slice(2);

@Module({
  imports: [
    OptimizelyOdpModule.forRoot({
      apiKey: 'test-key',
      apiHost,
      delivery: {
        requestTimeout: '1s',
        // Only where ODP is away does a test wait for it.
        shutdownTimeout: end === 'away' ? '1s' : '60s',
      },
    }),
  ],
})
class ScriptModule {}

const app = await NestFactory.createApplicationContext(ScriptModule, {
  logger: end === 'nothing' || end === 'away' ? ['log', 'warn'] : false,
});
if (end === 'signal') app.enableShutdownHooks();
const odp = app.get(OdpService);
for (let index = 0; index < 250; index++) {
  odp.trackOdpEvent({ action: `a${index}`, identifiers: { email: 'a@b.c' } });
}
if (end === 'flush') await odp.flush();
if (end === 'signal') {
  setInterval(() => {}, 1000);
  process.stdout.write('ready\n');
}
