import { RabbitSubscribe } from '@golevelup/nestjs-rabbitmq';
import { ApolloDriver } from '@nestjs/apollo';
import {
  Controller,
  Get,
  Injectable,
  Logger,
  Module,
  Scope,
  UseInterceptors,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { GraphQLModule, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { OdpEventInterceptor, SendOdpEvent } from 'nestjs-optimizely-odp';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { arrived, odpModule, useApps, useSandbox } from './support.js';

const identifiers = { email: 'ada@example.com' };
const Tracked = (account?: string) =>
  SendOdpEvent({
    action: 'done',
    identifiers,
    ...(account === undefined ? {} : { account }),
  });

@Injectable()
class PlainService {
  @Tracked()
  decorated(): void {}
}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedService {
  @Tracked()
  decorated(): void {}
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientService {
  @Tracked()
  decorated(): void {}
}

class MadeByFactory {
  @Tracked()
  decorated(): void {}
}

@Tracked()
@Injectable()
class DecoratedService {
  run(): void {}
}

abstract class BaseService {
  @Tracked()
  inherited(): void {}
}

@Injectable()
class DerivedService extends BaseService {}

@Controller()
class RoutesController {
  @Get()
  @Tracked()
  route(): string {
    return 'ok';
  }

  @MessagePattern('message')
  @Tracked()
  message(): void {}

  @Tracked()
  helper(): void {}
}

@Tracked()
@Controller('decorated')
class DecoratedController {
  @Get()
  route(): string {
    return 'ok';
  }
}

@WebSocketGateway()
class Gateway {
  @SubscribeMessage('message')
  @Tracked()
  message(): void {}

  @Tracked()
  handleConnection(): void {}
}

@Resolver('Product')
class FieldResolver {
  @Query()
  @Tracked()
  product(): object {
    return {};
  }

  @ResolveField()
  @Tracked()
  price(): number {
    return 1;
  }
}

const sandbox = useSandbox();
const start = useApps();

describe('at boot', () => {
  let warnings: string[];
  let errors: string[];
  beforeEach(() => {
    warnings = [];
    errors = [];
    vi.spyOn(Logger.prototype, 'warn').mockImplementation((text) => {
      // True of a test's process, and not what is tested here.
      if (!String(text).includes('SIGTERM')) warnings.push(String(text));
    });
    vi.spyOn(Logger.prototype, 'error').mockImplementation((text) => {
      errors.push(String(text));
    });
  });
  afterEach(() => vi.restoreAllMocks());

  test.each([
    ['a service', PlainService, 'PlainService.decorated'],
    [
      'a request-scoped one',
      RequestScopedService,
      'RequestScopedService.decorated',
    ],
    ['a transient one', TransientService, 'TransientService.decorated'],
    [
      'one from a factory',
      { provide: 'F', useFactory: () => new MadeByFactory() },
      'MadeByFactory.decorated',
    ],
    [
      'one given as a value',
      { provide: 'V', useValue: new MadeByFactory() },
      'MadeByFactory.decorated',
    ],
    ['a whole service', DecoratedService, 'DecoratedService'],
    ['an inherited method', DerivedService, 'DerivedService.inherited'],
    ["a gateway's lifecycle method", Gateway, 'Gateway.handleConnection'],
  ])(
    'warns once of %s that Nest calls without interceptors',
    async (_name, provider, place) => {
      @Module({ providers: [provider] })
      class OtherModule {}
      await start({
        imports: [odpModule(sandbox.now), OtherModule],
        providers: [provider],
      });
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(`@SendOdpEvent() on ${place} never fires`);
      expect(warnings[0]).toContain('odp.trackOdpEvent()');
    },
  );

  test("warns of a controller's helper, and of nothing that is called", async () => {
    await start({
      imports: [odpModule(sandbox.now)],
      controllers: [RoutesController, DecoratedController],
      // A controller that is listed as a provider too stays a controller.
      providers: [DecoratedController],
    });
    expect(warnings).toEqual([
      expect.stringContaining(
        '@SendOdpEvent() on RoutesController.helper never fires',
      ),
    ]);
  });

  test('names a method that a decorator above replaced without its metadata', async () => {
    const Replaced: MethodDecorator = (_target, _name, descriptor) => {
      const original = descriptor.value as () => unknown;
      descriptor.value = function replaced(this: unknown) {
        return original.call(this);
      } as never;
    };
    abstract class BaseController {
      @Get('base')
      @Replaced
      @Tracked()
      base() {}
    }
    @Controller()
    class ShopController extends BaseController {
      @Get('lost')
      @Replaced
      @Tracked()
      lost() {}

      @Get('kept')
      @Tracked()
      @Replaced
      kept() {}
    }
    @Controller('other')
    class OtherController extends BaseController {
      // Without the decorator, as is its right.
      override base() {}
    }
    await start({
      imports: [odpModule(sandbox.now)],
      controllers: [ShopController, OtherController],
    });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^@SendOdpEvent\(\) on ShopController\.lost never fires: a decorator above/,
      ),
      expect.stringMatching(
        /^@SendOdpEvent\(\) on BaseController\.base never fires: a decorator above/,
      ),
    ]);
  });

  test('says nothing of a method that another library finds and calls', async () => {
    @Injectable()
    class Consumer {
      @Tracked()
      @RabbitSubscribe({ exchange: 'shop', routingKey: 'sold' })
      sold() {}
    }
    await start({ imports: [odpModule(sandbox.now)], providers: [Consumer] });
    expect(warnings).toEqual([]);
  });

  test('but of a scheduled one', async () => {
    @Injectable()
    class Jobs {
      @Tracked()
      @Interval(1e9)
      run() {}
    }
    await start({ imports: [odpModule(sandbox.now)], providers: [Jobs] });
    expect(warnings).toEqual([expect.stringContaining('Jobs.run never fires')]);
  });

  test.each([
    [undefined, ['FieldResolver.price']],
    [['interceptors' as const], []],
  ])(
    'fields of GraphQL with fieldResolverEnhancers %s',
    async (enhancers, places) => {
      await start({
        imports: [
          odpModule(sandbox.now),
          GraphQLModule.forRoot({
            driver: ApolloDriver,
            typeDefs:
              'type Product { price: Int } type Query { product: Product }',
            ...(enhancers === undefined
              ? {}
              : { fieldResolverEnhancers: enhancers }),
          }),
        ],
        providers: [FieldResolver],
      });
      expect(warnings).toEqual(
        places.map((place) =>
          expect.stringMatching(`${place} never fires.*fieldResolverEnhancers`),
        ),
      );
    },
  );

  test('is not put off by providers that are no objects of a class', async () => {
    await start({
      imports: [odpModule(sandbox.now)],
      providers: [
        { provide: 'null', useValue: null },
        { provide: 'text', useValue: 'text' },
        { provide: 'function', useValue: () => 1 },
        { provide: 'bare', useValue: Object.create(null) },
      ],
    });
    expect([...warnings, ...errors]).toEqual([]);
  });

  test('names an account that is not configured, and the request goes on', async () => {
    @Controller()
    class EmeaController {
      @Get()
      @Tracked('emea')
      @Tracked()
      one(): string {
        return 'ok';
      }

      @Get('two')
      @Tracked('emea')
      two(): string {
        return 'ok';
      }
    }
    const app = await start({
      imports: [odpModule(sandbox.now)],
      controllers: [EmeaController],
    });
    expect(errors).toEqual([
      expect.stringMatching(
        /^On EmeaController\.one: .*forRoot\(\{ name: 'emea'/,
      ),
    ]);
    expect(await (await fetch(app.url)).text()).toBe('ok');
    expect(await arrived(sandbox.now, app)).toHaveLength(1);
  });

  test('without the module the request goes on, with one warning', async () => {
    @Controller()
    @UseInterceptors(OdpEventInterceptor)
    class LonelyController {
      @Get()
      @Tracked()
      one(): string {
        return 'ok';
      }
    }
    @Module({ controllers: [LonelyController] })
    class AppModule {}
    const builder = await Test.createTestingModule({
      imports: [AppModule],
    }).compile();
    const app = builder.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    for (let n = 0; n < 3; n++) {
      expect(await (await fetch(await app.getUrl())).text()).toBe('ok');
    }
    await app.close();
    expect(warnings).toEqual([
      expect.stringContaining('OptimizelyOdpModule is not imported'),
    ]);
  });
});

test('where no handler can stand it says so at once', () => {
  const decorate = SendOdpEvent({ action: 'done' }) as unknown as (
    ...to: unknown[]
  ) => void;
  class Shop {
    static open() {}
    property = 1;
    get accessor() {
      return 1;
    }
  }
  const at = (target: object, name: string) => () =>
    decorate(target, name, Object.getOwnPropertyDescriptor(target, name));
  expect(at(Shop, 'open')).toThrow('Shop.open is a static member');
  expect(at(Shop.prototype, 'accessor')).toThrow(
    'Shop.accessor is an accessor',
  );
  expect(at(Shop.prototype, 'property')).toThrow('Shop.property is a property');
});

test('an interceptor that is made by hand says how it is bound', () => {
  expect(() => new OdpEventInterceptor(undefined as never)).toThrow(
    'APP_INTERCEPTOR',
  );
});
