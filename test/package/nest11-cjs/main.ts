import assert from 'node:assert/strict';
import { NestFactory } from '@nestjs/core';
import {
  createInstance,
  createPollingProjectConfigManager,
} from '@optimizely/optimizely-sdk';
import { OdpService, OptimizelyOdpModule } from 'nestjs-optimizely-odp';
import { optimizelyClientIntegration } from 'nestjs-optimizely-odp/datafile';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { shopModule } from './shop';

async function main() {
  const sandbox = await OdpSandbox.start();
  const app = await NestFactory.create(shopModule(sandbox.url), {
    logger: ['error', 'warn'],
  });
  await app.listen(0, '127.0.0.1');
  for (const path of ['login', 'checkout']) {
    const response = await fetch(`${await app.getUrl()}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"email":"ada@example.com"}',
    });
    assert.equal(response.status, 201);
  }
  await app.close();
  assert.deepEqual(
    sandbox.events().map(({ event }) => [event.type, event.identifiers.email]),
    [
      ['account', 'ada@example.com'],
      ['order', 'ada@example.com'],
    ],
  );
  await withItsOwnOptimizelyClient(sandbox);
  await sandbox.close();
}

async function withItsOwnOptimizelyClient(sandbox: OdpSandbox) {
  sandbox.reset();
  const client = createInstance({
    projectConfigManager: createPollingProjectConfigManager({
      sdkKey: 'sandbox',
      urlTemplate: sandbox.datafileUrl,
    }),
  });
  const job = await NestFactory.createApplicationContext(
    OptimizelyOdpModule.forRoot({
      integration: optimizelyClientIntegration(client),
    }),
    { logger: ['error', 'warn'] },
  );
  await job.get(OdpService).sendOdpEvent({
    action: 'tested',
    identifiers: { email: 'ada@x.example' },
  });
  await job.close();
  assert.deepEqual(
    sandbox.requests().map(({ headers }) => headers['x-api-key']),
    ['sandbox-key'],
  );
  await client.close();
}

void main();
