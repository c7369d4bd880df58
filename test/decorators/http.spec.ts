import {
  All,
  Body,
  type CanActivate,
  Controller,
  Delete,
  ForbiddenException,
  Get,
  Head,
  HttpCode,
  Inject,
  Injectable,
  type NestInterceptor,
  NotFoundException,
  Options,
  Param,
  ParseIntPipe,
  Post,
  Res,
  Scope,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  Version,
  VersioningType,
  Catch,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { APP_INTERCEPTOR, ModuleRef, REQUEST, Reflector } from '@nestjs/core';
import {
  OdpEventInterceptor,
  type OdpDeliveryEvent,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { first, map, of, timeout } from 'rxjs';
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
} from 'vitest';
import {
  actions,
  arrived,
  odpModule,
  platforms,
  type RunningApp,
  useApps,
  useSandbox,
} from './support.js';

const identifiers = { email: 'ada@example.com' };

interface Order {
  readonly id: string;
  readonly status: 'paid' | 'open';
}

const wrap = (key: string): NestInterceptor => ({
  intercept: (_call, next) =>
    next.handle().pipe(map((value) => ({ [key]: value }))),
});
const skipHandler: NestInterceptor = { intercept: () => of('from the cache') };
const takeFirst: NestInterceptor = {
  intercept: (_call, next) => next.handle().pipe(first()),
};
const impatient: NestInterceptor = {
  intercept: (_call, next) => next.handle().pipe(timeout(5)),
};

@Injectable()
class Nobody implements CanActivate {
  canActivate(): boolean {
    throw new ForbiddenException();
  }
}

@Catch()
class AnswerTeapot implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse();
    reply.status(418).send({ teapot: true });
  }
}

@Controller('shop')
class ShopController {
  @Post('orders/:id')
  @SendOdpEvent<Order>({
    type: 'order',
    action: 'purchase',
    identifiers: ({ request }) => ({
      email: String(request.headers['x-email']),
      vuid: request.cookies.vuid,
    }),
    data: async ({ result, request, args }) => ({
      order_id: result.id,
      item: (request.body as { item: string }).item,
      param: request.params.id,
      query: String(request.query.q),
      args: args.length >= 2,
    }),
    when: ({ result }) => result.status === 'paid',
  })
  buy(
    @Param('id') id: string,
    @Body() body: { status: 'paid' },
  ): Promise<Order> {
    return Promise.resolve({ id, status: body.status });
  }

  @Get('list')
  @SendOdpEvent<string[]>(({ result }) =>
    result.map((action) => ({ action, identifiers })),
  )
  list(): string[] {
    return ['one', 'two', 'three'];
  }

  @Get('none')
  @SendOdpEvent(() => undefined)
  none(): string {
    return 'nothing to tell';
  }

  @Get('async-factory')
  @SendOdpEvent(async () => ({ action: 'made', identifiers }), {
    when: async () => true,
  })
  asyncFactory(): string {
    return 'ok';
  }

  @Get('number/:n')
  @SendOdpEvent({ action: 'success', identifiers })
  @SendOdpEvent({
    action: ({ error }) => `error ${(error as Error).name}`,
    identifiers,
    on: 'error',
  })
  @SendOdpEvent({ action: 'always', identifiers, on: 'always' })
  number(@Param('n', ParseIntPipe) n: number): number {
    if (n === 404) throw new NotFoundException();
    return n;
  }

  @Get('guarded')
  @UseGuards(Nobody)
  @SendOdpEvent({ action: 'guarded', identifiers, on: 'always' })
  guarded(): string {
    return 'never';
  }

  @Get('teapot')
  @UseFilters(AnswerTeapot)
  @SendOdpEvent({ action: 'filtered', identifiers, on: 'error' })
  teapot(): never {
    throw new Error('hot');
  }

  @Get('throws/:field')
  @SendOdpEvent<string>(
    ({ request, result }) => {
      if (request.params.field === 'factory') throw new Error(result);
      return { action: 'fine', identifiers };
    },
    {
      when: ({ request, result }) => {
        if (request.params.field !== 'when') return true;
        throw new Error(result);
      },
    },
  )
  throws(): string {
    return 'secret@example.com';
  }

  @Get('rejects')
  @SendOdpEvent<string>({
    action: 'never',
    // As untyped code would: nobody is signed in.
    identifiers: ({ request }) => ({ email: request.user!.email }),
  })
  rejects(): string {
    return 'ok';
  }

  @Get('invalid')
  @SendOdpEvent({
    action: 'odd',
    identifiers: () => ({ email: { secret: 'secret@example.com' } }),
  })
  invalid(): string {
    return 'ok';
  }

  @Get('res')
  @SendOdpEvent({ action: 'res', identifiers })
  res(@Res() response: { send: (body: string) => void }): void {
    response.send('by hand');
  }

  @Get('passthrough')
  @SendOdpEvent<string>({ action: ({ result }) => result, identifiers })
  passthrough(
    @Res({ passthrough: true })
    response: {
      header: (k: string, v: string) => void;
    },
  ): string {
    response.header('x-own', 'yes');
    return 'passed';
  }

  @Head('asked')
  @SendOdpEvent({
    action: ({ request }) => `${request.method} ${request.path}`,
    identifiers,
  })
  asked(): void {}

  @All('any')
  @SendOdpEvent({
    action: ({ request }) => `any ${request.method}`,
    identifiers,
  })
  any(): string {
    return 'any';
  }

  @Options('offered')
  @SendOdpEvent({ action: 'offered', identifiers })
  offered(): void {}

  @Get('wild/*')
  @SendOdpEvent({ action: 'wild', identifiers })
  wild(): string {
    return 'wild';
  }

  @Get('mapped')
  @UseInterceptors(wrap('above'))
  @SendOdpEvent({ action: ({ result }) => JSON.stringify(result), identifiers })
  @UseInterceptors(wrap('below'))
  mapped(): string {
    return 'value';
  }

  @Get('first')
  @SendOdpEvent({ action: 'first', identifiers })
  @UseInterceptors(takeFirst)
  takeFirst(): string {
    return 'first';
  }

  @Get('slow')
  @SendOdpEvent({ action: 'slow', identifiers })
  @SendOdpEvent({ action: 'slow, anyway', identifiers, on: 'always' })
  @UseInterceptors(impatient)
  slow(): Promise<never> {
    return new Promise(() => {});
  }

  @Delete('orders/:id')
  @HttpCode(204)
  @SetMetadata('roles', ['admin'])
  @SendOdpEvent({ action: 'cancelled', identifiers })
  @SetMetadata('audit', 'yes')
  cancel(): void {}
}

const sandbox = useSandbox();
const start = useApps();
const startOnce = useApps(afterAll);

describe.each(platforms)('@SendOdpEvent() on %s', (platform) => {
  let app: RunningApp;
  let deliveryEvents: OdpDeliveryEvent[];

  beforeEach(() => {
    deliveryEvents = [];
  });
  beforeAll(async () => {
    app = await startOnce({
      platform,
      imports: [odpModule(sandbox.now)],
      controllers: [ShopController],
    });
    app.odp.events$.subscribe((one) => deliveryEvents.push(one));
  });

  const get = (path: string, init?: RequestInit) =>
    fetch(`${app.url}/shop/${path}`, init);
  const post = (path: string, body: object) =>
    get(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-email': 'ada@example.com',
        cookie: 'other=1; vuid=abc%20def',
      },
      body: JSON.stringify(body),
    });

  test('makes the event of the request and the result', async () => {
    const answer = await post('orders/42?q=find', {
      item: 'lamp',
      status: 'paid',
    });

    expect(await answer.json()).toEqual({ id: '42', status: 'paid' });
    const [event] = await arrived(sandbox.now, app);
    expect(event).toMatchObject({
      type: 'order',
      action: 'purchase',
      identifiers: { email: 'ada@example.com', vuid: 'abc def' },
      data: {
        order_id: '42',
        item: 'lamp',
        param: '42',
        query: 'find',
        args: true,
      },
    });
  });

  test('a HEAD request fires its own route only, not that of a GET', async () => {
    for (const path of ['list', 'asked?q=1']) {
      const { status } = await fetch(`${app.url}/shop/${path}`, {
        method: 'HEAD',
      });
      expect(status).toBe(200);
    }
    expect(actions(await arrived(sandbox.now, app))).toEqual([
      'HEAD /shop/asked',
    ]);
  });

  test('HEAD and OPTIONS fire no route for all methods, but their own', async () => {
    for (const method of ['HEAD', 'OPTIONS', 'GET', 'DELETE']) {
      await fetch(`${app.url}/shop/any`, { method });
    }
    await fetch(`${app.url}/shop/offered`, { method: 'OPTIONS' });
    expect(actions(await arrived(sandbox.now, app))).toEqual([
      'any DELETE',
      'any GET',
      'offered',
    ]);
  });

  test('sends nothing where `when` says no', async () => {
    await post('orders/42', { status: 'open' });
    expect(await arrived(sandbox.now, app)).toEqual([]);
  });

  test.each([
    ['list', ['one', 'three', 'two']],
    ['none', []],
    ['async-factory', ['made']],
    ['wild/a/b/c', ['wild']],
    ['res', ['res']],
    ['passthrough', ['passed']],
    ['first', ['first']],
    // Nest runs the lower of two decorators on the outside.
    ['mapped', ['{"above":"value"}']],
  ])('%s sends %j', async (path, expected) => {
    expect((await get(path)).status).toBe(200);
    expect(actions(await arrived(sandbox.now, app))).toEqual(expected);
  });

  test.each([
    ['number/1', 200, ['always', 'success']],
    ['number/404', 404, ['always', 'error NotFoundException']],
    ['number/pipe', 400, ['always', 'error BadRequestException']],
    ['guarded', 403, []],
    ['teapot', 418, ['filtered']],
    ['slow', 500, ['slow, anyway']],
  ])('%s answers %i and sends %j', async (path, status, expected) => {
    expect((await get(path)).status).toBe(status);
    expect(actions(await arrived(sandbox.now, app))).toEqual(expected);
  });

  test.each([
    ['throws/factory', 'event'],
    ['throws/when', 'when'],
    ['rejects', 'identifiers'],
    ['invalid', 'identifiers.email'],
  ])('%s leaves the response alone and tells of it', async (path, field) => {
    const answer = await get(path);

    expect(answer.status).toBe(200);
    expect(await arrived(sandbox.now, app)).toEqual([]);
    expect(deliveryEvents).toHaveLength(1);
    const [invalid] = deliveryEvents;
    expect(invalid).toMatchObject({
      type: 'invalid',
      violations: [{ path: field }],
    });
    expect(invalid).toHaveProperty(
      'source',
      expect.stringMatching(/^ShopController\./),
    );
    expect(JSON.stringify(invalid)).not.toContain('secret');
  });

  test('keeps the metadata of the other decorators', async () => {
    const reflector = app.app.get(Reflector);
    const handler = ShopController.prototype.cancel;
    expect(reflector.get('roles', handler)).toEqual(['admin']);
    expect(reflector.get('audit', handler)).toBe('yes');
    expect((await get('orders/1', { method: 'DELETE' })).status).toBe(204);
    expect(actions(await arrived(sandbox.now, app))).toEqual(['cancelled']);
  });
});

@SendOdpEvent({ action: 'any', identifiers })
abstract class Base {
  @Get('inherited')
  @SendOdpEvent({ action: 'inherited', identifiers })
  inherited(): string {
    return 'inherited';
  }

  @Get('overridden')
  @SendOdpEvent({ action: 'of the base', identifiers })
  overridden(): string {
    return 'base';
  }
}

@Controller('derived')
@SendOdpEvent({ action: 'any of derived', identifiers })
class DerivedController extends Base {
  @Get('overridden')
  override overridden(): string {
    return 'derived';
  }

  @Get('twice')
  @SendOdpEvent({ action: 'a', identifiers })
  @SendOdpEvent({ action: 'b', identifiers })
  twice(): string {
    return 'twice';
  }
}

@Injectable({ scope: Scope.REQUEST })
class Cart {
  constructor(
    @Inject(REQUEST) readonly request: { headers: Record<string, string> },
  ) {}
}

@Controller('scoped')
class ScopedController {
  constructor(@Inject(Cart) private readonly cart: Cart) {}

  @Get()
  @SendOdpEvent<string>({ action: ({ result }) => result, identifiers })
  own(): string {
    return this.cart.request.headers['x-own'] ?? 'none';
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Tenant {}

@Controller('durable')
class DurableController {
  constructor(@Inject(Tenant) readonly tenant: Tenant) {}

  @Get()
  @SendOdpEvent({ action: 'durable', identifiers })
  own(): string {
    return 'durable';
  }
}

@Controller('versioned')
class VersionedController {
  @Version('1')
  @Get()
  @SendOdpEvent({ action: 'v1', identifiers })
  one(): string {
    return 'v1';
  }

  @Version('2')
  @Get()
  @SendOdpEvent({ action: 'v2', identifiers })
  two(): string {
    return 'v2';
  }
}

@Controller('plain')
class PlainController {
  @Get()
  @UseInterceptors(OdpEventInterceptor)
  plain(): string {
    return 'plain';
  }
}

@Controller('skipped')
class SkippedController {
  @Get()
  @SendOdpEvent({ action: 'skipped', identifiers })
  skipped(): string {
    return 'skipped';
  }
}

describe.each(platforms)('where the decorator may stand, on %s', (platform) => {
  const startWith = (
    metadata: Omit<Parameters<typeof start>[0], 'imports'> = {},
  ): Promise<RunningApp> =>
    start({
      platform,
      imports: [odpModule(sandbox.now)],
      controllers: [
        DerivedController,
        ScopedController,
        DurableController,
        PlainController,
      ],
      ...metadata,
      providers: [Cart, Tenant, ...(metadata.providers ?? [])],
    });

  test.each([
    ['derived/inherited', ['any', 'any of derived', 'inherited']],
    ['derived/overridden', ['any', 'any of derived']],
    ['derived/twice', ['a', 'any', 'any of derived', 'b']],
    ['durable', ['durable']],
    ['plain', []],
  ])('%s sends %j', async (path, expected) => {
    const app = await startWith();
    expect((await fetch(`${app.url}/${path}`)).status).toBe(200);
    expect(actions(await arrived(sandbox.now, app))).toEqual(expected);
  });

  test('fires once when the interceptor is global as well', async () => {
    const app = await startWith({
      providers: [{ provide: APP_INTERCEPTOR, useClass: OdpEventInterceptor }],
      before: (one) =>
        one.useGlobalInterceptors(new OdpEventInterceptor(one.get(ModuleRef))),
    });
    await fetch(`${app.url}/derived/twice`);
    expect(actions(await arrived(sandbox.now, app))).toEqual([
      'a',
      'any',
      'any of derived',
      'b',
    ]);
  });

  test('serves request-scoped controllers, each request its own', async () => {
    const app = await startWith();
    await Promise.all(
      ['x', 'y', 'z'].map((own) =>
        fetch(`${app.url}/scoped`, { headers: { 'x-own': own } }),
      ),
    );
    expect(actions(await arrived(sandbox.now, app))).toEqual(['x', 'y', 'z']);
  });

  test('serves versioned routes', async () => {
    const app = await startWith({
      controllers: [VersionedController],
      before: (one) => one.enableVersioning({ type: VersioningType.URI }),
    });
    await fetch(`${app.url}/v2/versioned`);
    await fetch(`${app.url}/v1/versioned`);
    expect(actions(await arrived(sandbox.now, app))).toEqual(['v1', 'v2']);
  });

  test('sends nothing when an interceptor around it skips the handler', async () => {
    const app = await startWith({
      controllers: [SkippedController],
      before: (one) => one.useGlobalInterceptors(skipHandler),
    });
    const answer = await fetch(`${app.url}/skipped`);
    expect(await answer.text()).toBe('from the cache');
    expect(await arrived(sandbox.now, app)).toEqual([]);
  });

  test('sees the result before a global interceptor maps it', async () => {
    const app = await startWith({
      controllers: [SkippedController, ScopedController],
      before: (one) => one.useGlobalInterceptors(wrap('data')),
    });
    const answer = await fetch(`${app.url}/scoped`, {
      headers: { 'x-own': 'raw' },
    });
    expect(await answer.json()).toEqual({ data: 'raw' });
    expect(actions(await arrived(sandbox.now, app))).toEqual(['raw']);
  });
});
