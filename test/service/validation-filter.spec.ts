import {
  BadRequestException,
  Body,
  Controller,
  Inject,
  Post,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  ClientProxyFactory,
  MessagePattern,
  Transport,
} from '@nestjs/microservices';
import {
  type OdpEvent,
  OdpService,
  OdpValidationExceptionFilter,
} from 'nestjs-optimizely-odp';
import { firstValueFrom } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import {
  odpModule,
  platforms,
  useApps,
  useSandbox,
} from '../decorators/support.js';

const sandbox = useSandbox();
const start = useApps();

@Controller()
class EventsController {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @Post('events')
  @MessagePattern('events')
  send(@Body() event: OdpEvent) {
    return this.odp.sendOdpEvent(event);
  }

  @Post('nests-own')
  nests() {
    throw new BadRequestException(['action must hold text']);
  }
}

const post = async (url: string, body: unknown) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as object };
};

for (const platform of platforms) {
  test(`${platform}: a bad event is a 400 in Nest's own shape, global or provided`, async () => {
    for (const provided of [true, false]) {
      const { url } = await start({
        platform,
        imports: [odpModule(sandbox.now)],
        controllers: [EventsController],
        providers: provided
          ? [{ provide: APP_FILTER, useClass: OdpValidationExceptionFilter }]
          : [],
        before: (app) => {
          if (!provided)
            app.useGlobalFilters(new OdpValidationExceptionFilter());
        },
      });
      const answer = await post(`${url}/events`, {
        action: '',
        identifiers: { email: 'ada@example.com' },
        data: { total: {} },
      });
      const nests = await post(`${url}/nests-own`, {});
      expect(answer.status).toBe(nests.status);
      expect(answer.body).toEqual({
        ...nests.body,
        message: [
          expect.stringMatching(/^action /) as string,
          expect.stringMatching(/^data\.total /) as string,
        ],
      });
      expect(JSON.stringify(answer.body)).not.toContain('ada@');
    }
  });
}

test('without the filter it is a 500', async () => {
  const { url } = await start({
    imports: [odpModule(sandbox.now)],
    controllers: [EventsController],
  });
  expect(await post(`${url}/events`, {})).toMatchObject({ status: 500 });
});

test('a message gets the same body', async () => {
  const { app } = await start({
    imports: [odpModule(sandbox.now)],
    controllers: [EventsController],
    providers: [
      { provide: APP_FILTER, useClass: OdpValidationExceptionFilter },
    ],
  });
  const options = { host: '127.0.0.1', port: 0 };
  const service = app.connectMicroservice(
    { transport: Transport.TCP, options },
    { inheritAppConfig: true },
  );
  await app.startAllMicroservices();
  const { port } = service.unwrap<{ address(): { port: number } }>().address();
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  onTestFinished(() => void client.close());
  await expect(
    firstValueFrom(client.send('events', { action: 'a' })),
  ).rejects.toMatchObject({ statusCode: 400 });
});
