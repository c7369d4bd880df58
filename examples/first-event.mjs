// One event from NestJS to a local ODP: node first-event.mjs
import { NestFactory } from '@nestjs/core';
import { OdpService, OptimizelyOdpModule } from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';

const sandbox = await OdpSandbox.start();
const options = { apiKey: 'any-key', apiHost: sandbox.url };
const app = await NestFactory.createApplicationContext(
  OptimizelyOdpModule.forRoot(options),
);
const identifiers = { email: 'ada@example.com' };
app.get(OdpService).trackOdpEvent({ action: 'hello', identifiers });
await app.close(); // delivers first
console.log(sandbox.events()[0].event);
await sandbox.close();
