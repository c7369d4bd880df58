import { createRequire } from 'node:module';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  UseGuards,
  UseFilters,
  UseInterceptors,
  Catch,
  type ArgumentsHost,
  type ExceptionFilter,
  type Type,
} from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import {
  OdpEventInterceptor,
  OdpService,
  SendOdpEvent,
  webVisitor,
} from 'nestjs-optimizely-odp';
import { type Observable, of } from 'rxjs';
import { io } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  actions,
  arrived,
  odpModule,
  type RunningApp,
  useApps,
  useSandbox,
} from './support.js';

const VUID = '1b6cd62e8fd14b6f8cbe2f0bbd8f9a4c';
const handshake = { cookie: `vuid=${VUID}`, 'x-email': 'ada@example.com' };

@Injectable()
class SignIn implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const client = context.switchToWs().getClient();
    client.user = { email: 'ada@example.com' };
    return true;
  }
}

@Catch()
class AnswerAnyway implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): void {
    const client = host.switchToWs().getClient();
    if ('handshake' in client) client.emit('answer', error.message);
    else client.send(JSON.stringify({ event: 'answer', data: error.message }));
  }
}

@WebSocketGateway()
class ShopGateway {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  /** How an app lets a `ws` client know its handshake. */
  handleConnection(client: { request?: unknown }, request: unknown): void {
    client.request ??= request;
  }

  @SubscribeMessage('buy')
  @UseGuards(SignIn)
  @SendOdpEvent<{ data: string }>({
    type: 'order',
    action: 'purchase',
    data: ({ request, result }) => ({
      answer: result.data,
      item: (request.body as { item: string }).item,
      type: request.type,
      header: String(request.headers['x-email']),
    }),
  })
  async buy(
    @MessageBody() { item }: { item: string },
    @ConnectedSocket() _client: unknown,
  ) {
    await Promise.resolve();
    this.odp.trackOdpEvent({ action: 'inside' });
    return { event: 'answer', data: `sold ${item}` };
  }

  @SubscribeMessage('stream')
  @SendOdpEvent<{ data: string }>({
    action: ({ result }) => `last ${result.data}`,
  })
  stream(): Observable<{ event: string; data: string }> {
    return of(
      { event: 'answer', data: 'one' },
      { event: 'answer', data: 'two' },
    );
  }

  @SubscribeMessage('fail')
  @UseFilters(AnswerAnyway)
  @SendOdpEvent({ action: 'success' })
  @SendOdpEvent({ action: 'failed', on: 'error' })
  fail(): never {
    throw new WsException('refused');
  }

  @SubscribeMessage('logout')
  @UseGuards(SignIn)
  @SendOdpEvent({ action: 'logged out' })
  logout(@ConnectedSocket() client: { user?: unknown }) {
    client.user = undefined;
    this.odp.trackOdpEvent({ action: 'inside' });
    return { event: 'answer', data: 'bye' };
  }

  @SubscribeMessage('plain')
  plain() {
    this.odp.trackOdpEvent({ action: 'plain' });
    return { event: 'answer', data: 'plain' };
  }
}

@WebSocketGateway()
@UseInterceptors(OdpEventInterceptor)
class BoundGateway extends ShopGateway {}

const NEST = Number.parseInt(
  createRequire(import.meta.url)('@nestjs/core/package.json').version,
  10,
);

/** Sends one message, and resolves to the first answer, or to the error. */
type Ask = (url: string, event: string, data: object) => Promise<unknown>;

const askOverWs: Ask = (url, event, data) =>
  new Promise((resolve, reject) => {
    const client = new WebSocket(url.replace('http', 'ws'), {
      headers: handshake,
    });
    client.on('error', reject);
    client.on('open', () => client.send(JSON.stringify({ event, data })));
    client.on('message', (text: Buffer) => {
      client.close();
      resolve(JSON.parse(text.toString()).data);
    });
  });

const askOverSocketIo: Ask = (url, event, data) =>
  new Promise((resolve, reject) => {
    const client = io(url, { extraHeaders: handshake, forceNew: true });
    const end = (value: unknown) => {
      client.close();
      resolve(value);
    };
    client.on('connect_error', reject);
    client.on('connect', () => client.emit(event, data));
    client.on('answer', end);
  });

const sandbox = useSandbox();
const start = useApps();

describe.each([
  { name: 'ws', adapter: WsAdapter, ask: askOverWs },
  { name: 'socket.io', adapter: IoAdapter, ask: askOverSocketIo },
])('a gateway on $name', ({ adapter, ask }) => {
  const startApp = (gateway: Type = ShopGateway): Promise<RunningApp> =>
    start({
      imports: [
        odpModule(sandbox.now, {
          identity: (request) => ({
            ...webVisitor()(request),
            email: request.user?.email,
          }),
        }),
      ],
      providers: [gateway],
      before: (app) => app.useWebSocketAdapter(new adapter(app)),
    });

  test('answers a message and sends its event, on behalf of its client', async () => {
    const app = await startApp();
    expect(await ask(app.url, 'buy', { item: 'lamp' })).toBe('sold lamp');

    const events = await arrived(sandbox.now, app);
    expect(actions(events)).toEqual(['inside', 'purchase']);
    for (const { identifiers } of events) {
      expect(identifiers).toEqual({ email: 'ada@example.com', vuid: VUID });
    }
    expect(events.find(({ type }) => type === 'order')?.data).toMatchObject({
      answer: 'sold lamp',
      item: 'lamp',
      type: 'ws',
      header: 'ada@example.com',
    });
  });

  test('a logout still knows who has logged out', async () => {
    const app = await startApp();
    expect(await ask(app.url, 'logout', {})).toBe('bye');
    const events = await arrived(sandbox.now, app);
    expect(actions(events)).toEqual(['inside', 'logged out']);
    for (const { identifiers } of events) {
      expect(identifiers).toEqual({ email: 'ada@example.com', vuid: VUID });
    }
  });

  test('counts a stream at its end', async () => {
    const app = await startApp();
    await ask(app.url, 'stream', {});
    await sandbox.now.waitFor(1);
    expect(actions(await arrived(sandbox.now, app))).toEqual(['last two']);
  });

  test('tells of what a handler threw', async () => {
    const app = await startApp();
    expect(await ask(app.url, 'fail', {})).toBe('refused');
    expect(actions(await arrived(sandbox.now, app))).toEqual(['failed']);
  });

  // Nest 11 runs no global interceptors for gateways.
  test.each([
    ['without a decorator', ShopGateway, NEST >= 12],
    ['of a class that binds the interceptor', BoundGateway, true],
  ])('handlers %s know the caller', async (_name, gateway, known) => {
    const app = await startApp(gateway);
    expect(await ask(app.url, 'plain', {})).toBe('plain');
    const expected = { action: 'plain', identifiers: { vuid: VUID } };
    expect(await arrived(sandbox.now, app)).toMatchObject(
      known ? [expected] : [],
    );
  });
});
