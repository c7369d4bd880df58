import 'reflect-metadata';
import assert from 'node:assert/strict';
import {
  Body,
  Controller,
  Inject,
  Injectable,
  Module,
  Post,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  createInstance,
  createPollingProjectConfigManager,
} from '@optimizely/optimizely-sdk';
import {
  memoryOutbox,
  OdpService,
  OptimizelyOdpModule,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { odpConfig } from 'nestjs-optimizely-odp/config';
import { optimizelyClientIntegration } from 'nestjs-optimizely-odp/datafile';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';

@Injectable()
class LoginService {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  async login(email: string) {
    await this.odp.sendOdpEvent({
      type: 'account',
      action: 'login',
      identifiers: { email },
    });
  }
}

@Controller()
class ShopController {
  constructor(@Inject(LoginService) private readonly logins: LoginService) {}

  @Post('login')
  async login(@Body() { email }: { email: string }) {
    await this.logins.login(email);
  }

  @Post('checkout')
  @SendOdpEvent<{ id: string }>({
    type: 'order',
    action: 'purchase',
    identifiers: ({ request }) => ({
      email: (request.body as { email: string }).email,
    }),
    data: ({ result }) => ({ order_id: result.id }),
  })
  checkout() {
    return { id: '42' };
  }
}

const sandbox = await OdpSandbox.start();
process.env.OPTIMIZELY_ODP_API_KEY = 'test-key';
process.env.OPTIMIZELY_ODP_API_HOST = sandbox.url;

// Under exactOptionalPropertyTypes an option still takes undefined.
OptimizelyOdpModule.forRoot({
  apiKey: undefined,
  apiHost: process.env.NOWHERE,
  outbox: memoryOutbox({ capacity: undefined, whenFull: undefined }),
  delivery: {
    batchSize: undefined,
    flushInterval: process.env.NOWHERE,
    retry: { delay: undefined },
  },
  segments: { cacheSize: undefined },
  deadLetters: { maxAge: undefined },
});
SendOdpEvent({
  action: 'any',
  type: undefined,
  when: undefined,
  on: undefined,
});

@Module({
  imports: [OptimizelyOdpModule.forRootAsync(odpConfig.asProvider())],
  controllers: [ShopController],
  providers: [LoginService],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
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

// The account from a datafile: the environment's, or the app's own client's.
delete process.env.OPTIMIZELY_ODP_API_KEY;
delete process.env.OPTIMIZELY_ODP_API_HOST;
process.env.OPTIMIZELY_ODP_SDK_KEY = 'sandbox';
process.env.OPTIMIZELY_ODP_DATAFILE_URL = sandbox.datafileUrl;
const client = createInstance({
  projectConfigManager: createPollingProjectConfigManager({
    sdkKey: 'sandbox',
    urlTemplate: sandbox.datafileUrl,
  }),
});
for (const account of [
  OptimizelyOdpModule.forRootAsync(odpConfig.asProvider()),
  OptimizelyOdpModule.forRoot({
    integration: optimizelyClientIntegration(client),
  }),
]) {
  sandbox.reset();
  const job = await NestFactory.createApplicationContext(account, {
    logger: ['error', 'warn'],
  });
  await job.get(OdpService).sendOdpEvent({
    action: 'tested',
    identifiers: { email: 'ada@x.example' },
  });
  await job.close();
  assert.deepEqual(
    sandbox.requests().map(({ headers }) => headers['x-api-key']),
    ['sandbox-key'],
  );
}
await client.close();
await sandbox.close();
