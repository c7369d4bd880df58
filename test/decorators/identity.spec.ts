import { AsyncResource } from 'node:async_hooks';
import { Agent, request as httpRequest } from 'node:http';
import {
  setImmediate as turn,
  setTimeout as later,
} from 'node:timers/promises';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Param,
  Post,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import {
  OdpEventInterceptor,
  OdpService,
  type OptimizelyOdpModuleOptions,
  SendOdpEvent,
  webVisitor,
} from 'nestjs-optimizely-odp';
import { describe, expect, test } from 'vitest';
import {
  actions,
  arrived,
  odpModule,
  platforms,
  type RunningApp,
  useApps,
  useSandbox,
} from './support.js';

const VUID = '1b6cd62e-8fd1-4b6f-8cbe-2f0bbd8f9a4c';

@Injectable()
class SignIn implements CanActivate {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest();
    await turn();
    request.user = { email: request.headers['x-email'] };
    this.odp.trackOdpEvent({ action: 'guard' });
    return true;
  }
}

@Injectable()
class Warehouse {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  async take(id: string): Promise<void> {
    await later(Math.random() * 3);
    await this.odp.sendOdpEvent({ action: 'taken', data: { id } });
  }

  /** What outlives the request still belongs to it. */
  packLater(id: string): void {
    setTimeout(() => {
      this.odp.trackOdpEvent({ action: 'packed', data: { id } });
    }, Math.random() * 5);
  }
}

@Controller()
@UseGuards(SignIn)
class ShopController {
  constructor(
    @Inject(OdpService) private readonly odp: OdpService,
    @Inject(Warehouse) private readonly warehouse: Warehouse,
  ) {}

  @Post('buy/:id')
  @SendOdpEvent<string>({
    action: 'bought',
    data: ({ result }) => ({ id: result }),
  })
  async buy(@Param('id') id: string): Promise<string> {
    await later(Math.random() * 3);
    await Promise.all([this.warehouse.take(id), turn()]);
    this.warehouse.packLater(id);
    return id;
  }

  @Get('own')
  async own(): Promise<void> {
    await this.odp.sendOdpEvent({
      action: 'own',
      identifiers: { email: 'own@example.com' },
    });
  }

  @Post('refund')
  @SendOdpEvent({
    action: 'decorated',
    identifiers: { order: 'O-1' },
    identity: false,
  })
  async refund(): Promise<void> {
    const event = { action: 'sent', identifiers: { order: 'O-1' } };
    await this.odp.sendOdpEvent(event, { identity: false });
    await this.odp.sendOdpEvents([event], { identity: false });
    this.odp.trackOdpEvent(event, { identity: false });
    await this.odp.identify(
      { order: 'O-1', email: 'c@example.com' },
      { identity: false },
    );
    await this.odp.identify({ order: 'O-1' }, { identity: false });
  }

  @Post('login')
  async login(): Promise<void> {
    await this.odp.identify({});
  }
}

@Controller()
@UseInterceptors(OdpEventInterceptor)
class CarefulController {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @Post('careful')
  async careful(): Promise<void> {
    await this.odp.sendOdpEvent({ action: 'careful' });
  }
}

/** Goes on as a callback of a connection does that was opened at boot. */
@Module({})
class ForgetfulModule implements NestModule {
  readonly #connection = new AsyncResource('Connection');

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_request: unknown, _response: unknown, next: () => void) =>
        this.#connection.runInAsyncScope(next),
      )
      .forRoutes('{*path}');
  }
}

@Controller()
class PlainController {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  @Get('plain/:visitor')
  async plain(@Param('visitor') visitor: string): Promise<void> {
    await this.odp.sendOdpEvent({ action: 'plain', data: { visitor } });
  }

  @Get('decorated/:visitor')
  @SendOdpEvent({
    action: 'decorated',
    data: ({ request }) => ({ visitor: request.params['visitor'] }),
  })
  async decorated(@Param('visitor') visitor: string): Promise<void> {
    await this.plain(visitor);
  }
}

type Next = () => void;

/** Continues in the async context of the request that opened the connection. */
@Module({})
class SharedConnectionModule implements NestModule {
  #connection: AsyncResource | undefined;

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_request: unknown, _response: unknown, next: Next) => {
        this.#connection ??= new AsyncResource('Connection');
        this.#connection.runInAsyncScope(next);
      })
      .forRoutes('{*path}');
  }
}

/** Collects requests, and lets all of them go on from one timer. */
@Module({})
class BatchingModule implements NestModule {
  #waiting: Next[] = [];

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_request: unknown, _response: unknown, next: Next) => {
        if (this.#waiting.push(next) > 1) return;
        setTimeout(() => {
          for (const go of this.#waiting.splice(0)) go();
        }, 5);
      })
      .forRoutes('{*path}');
  }
}

@Module({})
class EarlyModule implements NestModule {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_request: unknown, _response: unknown, next: () => void) => {
        this.odp.trackOdpEvent({ action: 'middleware' });
        next();
      })
      .forRoutes('{*path}');
  }
}

const whoIsCalling: Partial<OptimizelyOdpModuleOptions> = {
  identity: (request) => ({
    ...webVisitor()(request),
    email: request.user?.email,
  }),
};

const sandbox = useSandbox();
const start = useApps();

describe.each(platforms)('who is calling, on %s', (platform) => {
  const startApp = (
    more: Partial<Parameters<typeof start>[0]> = {},
    options: Partial<OptimizelyOdpModuleOptions> = whoIsCalling,
  ): Promise<RunningApp> =>
    start({
      platform,
      controllers: [ShopController],
      providers: [Warehouse],
      ...more,
      imports: [odpModule(sandbox.now, options), ...(more.imports ?? [])],
    });
  const call = (app: RunningApp, method: string, path: string) =>
    fetch(`${app.url}/${path}`, {
      method,
      headers: {
        'x-email': 'ada@example.com',
        cookie: `vuid=${VUID}%7C2026-11-23`,
        'content-type': 'application/json',
      },
      ...(method === 'POST' ? { body: '{"some":"body"}' } : {}),
    });
  const ada = { email: 'ada@example.com', vuid: VUID.replaceAll('-', '') };

  test('is known in guards, services, nested calls, timers and decorators', async () => {
    const app = await startApp();
    await call(app, 'POST', 'buy/1');
    await sandbox.now.waitFor(4);
    const events = await arrived(sandbox.now, app);
    expect(actions(events)).toEqual(['bought', 'guard', 'packed', 'taken']);
    for (const { identifiers } of events) expect(identifiers).toEqual(ada);
  });

  test.each([undefined, 'api'])(
    'is known in middleware (prefix %s)',
    async (prefix) => {
      const app = await startApp({
        imports: [EarlyModule],
        before: (one) => {
          if (prefix !== undefined) one.setGlobalPrefix(prefix);
        },
      });
      await call(app, 'GET', `${prefix ?? ''}/own`);
      const events = await arrived(sandbox.now, app);
      const early = events.find(({ action }) => action === 'middleware');
      // No guard has run yet, but the cookie is there.
      expect(early?.identifiers).toEqual({ vuid: ada.vuid });
    },
  );

  test('an event about somebody else gets nothing of the caller', async () => {
    const app = await startApp();
    await call(app, 'GET', 'own');
    const own = (await arrived(sandbox.now, app)).find(
      ({ action }) => action === 'own',
    );
    expect(own?.identifiers).toEqual({ email: 'own@example.com' });
  });

  test('identity: false fills in nothing, however an event is sent', async () => {
    const app = await startApp();
    await call(app, 'POST', 'refund');
    const events = (await arrived(sandbox.now, app)).filter(
      ({ action }) => action !== 'guard',
    );
    const order = { order: 'O-1' };
    expect(actions(events)).toEqual([
      'decorated',
      'identified',
      'sent',
      'sent',
      'sent',
    ]);
    for (const { action, identifiers } of events) {
      expect(identifiers).toEqual(
        action === 'identified' ? { ...order, email: 'c@example.com' } : order,
      );
    }
  });

  test('serves identify(), which stitches the visitor to the user', async () => {
    const app = await startApp();
    await call(app, 'POST', 'login');
    expect(actions(await arrived(sandbox.now, app))).toEqual([
      'guard',
      'identified',
    ]);
    expect(sandbox.now.customer({ vuid: ada.vuid })?.identifiers).toMatchObject(
      {
        email: ['ada@example.com'],
      },
    );
  });

  test('an identity that throws costs its identifiers, not the request', async () => {
    const app = await startApp(
      {},
      {
        identity: () => {
          throw new Error('broken');
        },
      },
    );
    expect((await call(app, 'GET', 'own')).status).toBe(200);
    const own = (await arrived(sandbox.now, app)).find(
      ({ action }) => action === 'own',
    );
    expect(own?.identifiers).toEqual({ email: 'own@example.com' });
  });

  test('adds interceptors only if an account has an identity', async () => {
    const interceptors = ({ app }: RunningApp) =>
      app.get(ApplicationConfig).getGlobalInterceptors();
    expect(interceptors(await startApp({}, {}))).toHaveLength(0);
    expect(interceptors(await startApp())).toHaveLength(2);
  });

  test.each([SharedConnectionModule, BatchingModule])(
    'is never another visitor behind %o',
    async (module) => {
      const app = await startApp({
        controllers: [PlainController],
        imports: [module],
      });
      const visitors = Array.from({ length: 40 }, (_, n) => n);
      await Promise.all(
        visitors.flatMap((n) =>
          ['plain', 'decorated'].map((path) =>
            fetch(`${app.url}/${path}/${n}`, {
              headers: { cookie: `vuid=${vuidOf(n)}` },
            }),
          ),
        ),
      );
      await sandbox.now.waitFor(120);
      const events = await arrived(sandbox.now, app);
      const strays = events.filter(
        ({ identifiers, data }) =>
          identifiers.vuid !== vuidOf(Number(data.visitor)),
      );
      expect(strays).toEqual([]);
      expect(events).toHaveLength(120);
    },
  );

  test('is known to a bound interceptor behind a middleware that forgets it', async () => {
    const app = await startApp({
      controllers: [CarefulController],
      imports: [ForgetfulModule],
    });
    await call(app, 'POST', 'careful');
    await sandbox.now.waitFor(1);
    const [event] = await arrived(sandbox.now, app);
    expect(event?.identifiers).toEqual({ vuid: ada.vuid });
  });

  test('2000 interleaved requests never see one another', async () => {
    const app = await startApp({}, { ...whoIsCalling, delivery: {} });
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const count = 2000;
    await Promise.all(
      Array.from({ length: count }, (_, n) =>
        buy(`${app.url}/buy/${n}`, n, agent),
      ),
    );
    agent.destroy();
    await app.odp.flush();
    await sandbox.now.waitFor(count * 4, { timeout: 20_000 });

    const seen = new Set<string>();
    const strays = (await arrived(sandbox.now, app)).filter(
      ({ action, identifiers, data }) => {
        const n = Number.parseInt(String(identifiers.vuid), 16);
        seen.add(`${action} ${n}`);
        return (
          identifiers.email !== `${n}@example.com` ||
          // The guard's event carries nothing but who is calling.
          (action !== 'guard' && data.id !== String(n))
        );
      },
    );
    expect(strays).toEqual([]);
    expect(seen.size).toBe(count * 4);
  });
});

const startAlone = () =>
  start({
    imports: [
      odpModule(sandbox.now, {
        identity: ({ user }) => ({ email: user?.email }),
      }),
    ],
  });

describe('outside of requests', () => {
  test('an event has only its own identifiers', async () => {
    const app = await startAlone();
    await app.odp.sendOdpEvent({
      action: 'alone',
      identifiers: { email: 'own@example.com' },
    });
    await expect(
      app.odp.sendOdpEvent({ action: 'nobody' }),
    ).rejects.toMatchObject({
      code: 'invalidEvent',
    });
    expect(await arrived(sandbox.now, app)).toMatchObject([
      { action: 'alone', identifiers: { email: 'own@example.com' } },
    ]);
  });

  test('a job says on whose behalf it runs, however many run at once', async () => {
    const app = await startAlone();
    const work = async (n: number) => {
      await later(Math.random() * 3);
      await app.odp.sendOdpEvent({ action: 'job', data: { n } });
      setImmediate(() =>
        app.odp.trackOdpEvent({ action: 'after', data: { n } }),
      );
      return n;
    };
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        app.odp.runWithIdentity({ email: `${n}@example.com` }, () => work(n)),
      ),
    );
    expect(results).toEqual(Array.from({ length: 100 }, (_, n) => n));
    await sandbox.now.waitFor(200);
    for (const { identifiers, data } of await arrived(sandbox.now, app)) {
      expect(identifiers).toEqual({ email: `${String(data.n)}@example.com` });
    }
  });

  test('the innermost identity counts, and it ends with its function', async () => {
    const app = await startAlone();
    const send = (action: string) => app.odp.sendOdpEvent({ action });
    await app.odp.runWithIdentity({ email: 'outer@example.com' }, async () => {
      await app.odp.runWithIdentity({ email: 'inner@example.com' }, () =>
        send('inner'),
      );
      await send('outer');
    });
    await expect(send('none')).rejects.toMatchObject({ code: 'invalidEvent' });
    expect(await arrived(sandbox.now, app)).toMatchObject([
      { action: 'inner', identifiers: { email: 'inner@example.com' } },
      { action: 'outer', identifiers: { email: 'outer@example.com' } },
    ]);
  });

  test('an error of the function comes through', async () => {
    const app = await startAlone();
    expect(() =>
      app.odp.runWithIdentity({ email: 'ada@example.com' }, () => {
        throw new RangeError('own');
      }),
    ).toThrow(RangeError);
  });
});

const vuidOf = (n: number) => n.toString(16).padStart(32, '0');

function buy(url: string, n: number, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ n });
    httpRequest(
      url,
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': body.length,
          'x-email': `${n}@example.com`,
          cookie: `vuid=${vuidOf(n)}`,
        },
      },
      (answer) => {
        answer.resume().on('end', resolve).on('error', reject);
      },
    )
      .on('error', reject)
      .end(body);
  });
}
