import {
  Controller,
  Get,
  UseInterceptors,
  Inject,
  type INestApplication,
} from '@nestjs/common';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import {
  OdpEventInterceptor,
  OdpService,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import {
  firstValueFrom,
  lastValueFrom,
  type Observable,
  of,
  toArray,
} from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import { actions, arrived, odpModule, useApps, useSandbox } from './support.js';

interface Sale {
  readonly id: string;
  readonly user: { readonly email: string };
}
const sale: Sale = { id: '42', user: { email: 'ada@example.com' } };

@Controller()
class SalesController {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @MessagePattern('sell')
  @SendOdpEvent<{ id: string }>({
    type: 'order',
    action: 'purchase',
    data: ({ result, request }) => ({
      order_id: result.id,
      type: request.type,
      payload: (request.body as Sale).id,
    }),
  })
  async sell(@Payload() { id }: Sale): Promise<{ id: string }> {
    await Promise.resolve();
    this.odp.trackOdpEvent({ action: 'inside' });
    return { id };
  }

  @MessagePattern('stream')
  @SendOdpEvent<number>({ action: ({ result }) => `last ${result}` })
  stream(): Observable<number> {
    return of(1, 2, 3);
  }

  @MessagePattern('fail')
  @SendOdpEvent({ action: 'success' })
  @SendOdpEvent({
    action: ({ error }) => (error as Error).message,
    on: 'error',
  })
  fail(): never {
    throw new RpcException('refused');
  }

  @EventPattern('sold')
  @SendOdpEvent({ action: 'sold' })
  sold(@Payload() _sale: Sale): void {
    this.odp.trackOdpEvent({ action: 'inside the event handler' });
  }
}

/** Nothing is decorated, so only following can tell who is calling. */
@Controller()
class PlainController {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @MessagePattern('plain')
  plain(@Payload() _sale: Sale): string {
    this.odp.trackOdpEvent({ action: 'plain' });
    return 'ok';
  }

  @Get()
  http(): string {
    return 'http';
  }
}

@Controller()
@UseInterceptors(OdpEventInterceptor)
class BoundController extends PlainController {}

const sandbox = useSandbox();
const start = useApps();
const clients: ClientProxy[] = [];
const services: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const service of services.splice(0)) await service.close();
});

const connect = (port: number): ClientProxy => {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  clients.push(client);
  return client;
};
const odp = () =>
  odpModule(sandbox.now, {
    identity: ({ user }) => ({ email: user?.email, vuid: 'v'.repeat(32) }),
  });
const tcp = {
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: 0 },
} as const;
const portOf = (server: unknown): number =>
  (server as { address(): { port: number } }).address().port;

const startService = async () => {
  const builder = await Test.createTestingModule({
    imports: [odp()],
    controllers: [SalesController, PlainController],
  }).compile();
  const service = builder.createNestMicroservice({ ...tcp, logger: false });
  services.push(service);
  await service.listen();
  const client = connect(portOf(service.unwrap()));
  return { client, odp: service.get(OdpService) };
};

describe('a TCP microservice', () => {
  test('answers a message and sends its event, on behalf of its user', async () => {
    const app = await startService();
    expect(await firstValueFrom(app.client.send('sell', sale))).toEqual({
      id: '42',
    });

    const events = await arrived(sandbox.now, app);
    expect(actions(events)).toEqual(['inside', 'purchase']);
    for (const { identifiers } of events) {
      expect(identifiers.email).toBe('ada@example.com');
    }
    expect(events.find(({ type }) => type === 'order')?.data).toMatchObject({
      order_id: '42',
      type: 'rpc',
      payload: '42',
    });
  });

  test('counts a stream at its end', async () => {
    const app = await startService();
    const numbers = await firstValueFrom(
      app.client.send('stream', {}).pipe(toArray()),
    );
    expect(numbers).toEqual([1, 2, 3]);
    expect(actions(await arrived(sandbox.now, app))).toEqual(['last 3']);
  });

  test('tells of what a handler threw', async () => {
    const app = await startService();
    await expect(lastValueFrom(app.client.send('fail', {}))).rejects.toEqual({
      status: 'error',
      message: 'refused',
    });
    expect(actions(await arrived(sandbox.now, app))).toEqual(['refused']);
  });

  test('sends for event handlers', async () => {
    const app = await startService();
    await firstValueFrom(app.client.emit('sold', sale));
    await sandbox.now.waitFor(2);
    const events = await arrived(sandbox.now, app);
    expect(actions(events)).toEqual(['inside the event handler', 'sold']);
    expect(events[0]?.identifiers.email).toBe('ada@example.com');
  });

  test('knows the caller in handlers without a decorator', async () => {
    const app = await startService();
    await firstValueFrom(app.client.send('plain', sale));
    expect((await arrived(sandbox.now, app))[0]?.identifiers.email).toBe(
      'ada@example.com',
    );
  });
});

describe('a hybrid app', () => {
  const startHybrid = async (
    inheritAppConfig: boolean,
    controller: typeof PlainController,
  ) => {
    let service: unknown;
    const app = await start({
      imports: [odp()],
      controllers: [controller, SalesController],
      before: async (one: INestApplication) => {
        const micro = one.connectMicroservice({ ...tcp }, { inheritAppConfig });
        await one.startAllMicroservices();
        service = micro.unwrap();
      },
    });
    return { ...app, client: connect(portOf(service)) };
  };

  test.each([true, false])(
    'sends for decorated handlers (inheritAppConfig %s)',
    async (inherit) => {
      const app = await startHybrid(inherit, PlainController);
      await firstValueFrom(app.client.send('sell', sale));
      const events = await arrived(sandbox.now, app);
      expect(actions(events)).toEqual(['inside', 'purchase']);
      for (const { identifiers } of events) {
        expect(identifiers.email).toBe('ada@example.com');
      }
    },
  );

  test.each([
    ['inherits the config', true, PlainController, 'ada@example.com'],
    ['binds the interceptor', false, BoundController, 'ada@example.com'],
    // What the documentation warns of: Nest gives this microservice no global interceptors.
    ['does neither', false, PlainController, undefined],
  ])(
    'that %s: who is calling an undecorated handler',
    async (_name, inherit, controller, email) => {
      const app = await startHybrid(inherit, controller);
      await firstValueFrom(app.client.send('plain', sale));
      const events = await arrived(sandbox.now, app);
      expect(events[0]?.identifiers.email).toBe(email);
    },
  );
});
