import assert from 'node:assert/strict';
import { NestFactory } from '@nestjs/core';
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
  await sandbox.close();
}

void main();
