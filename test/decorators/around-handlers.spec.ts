import { AsyncResource } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  type HttpException,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestModule,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import { OdpService, SendOdpEvent } from 'nestjs-optimizely-odp';
import { first, Subject, tap } from 'rxjs';
import { describe, expect, test } from 'vitest';
import {
  actions,
  arrived,
  odpModule,
  platforms,
  useApps,
  useSandbox,
} from './support.js';

interface Request {
  readonly headers: Readonly<Record<string, string>>;
}

/** What one visitor says reaches all who listen. */
const chat = new Subject<string>();

const visitorOf = (host: ArgumentsHost) =>
  host.switchToHttp().getRequest<Request>().headers['x-visitor'];

@Injectable()
class Guard implements CanActivate {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  canActivate(call: ExecutionContext) {
    const data = { visitor: visitorOf(call) };
    this.odp.trackOdpEvent({ action: 'guard', data });
    return call.getHandler().name !== 'refused';
  }
}

@Catch()
class Filter implements ExceptionFilter<HttpException> {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  catch(error: HttpException, host: ArgumentsHost) {
    const data = { visitor: visitorOf(host) };
    this.odp.trackOdpEvent({ action: 'filter', data });
    const response = host.switchToHttp().getResponse<{
      status(code: number): { send(body: unknown): unknown };
    }>();
    response.status(error.getStatus()).send(error.getResponse());
  }
}

@Injectable()
class Analytics implements NestInterceptor {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  intercept(call: ExecutionContext, next: CallHandler) {
    const { name } = call.getHandler();
    const data = { visitor: visitorOf(call) };
    this.odp.trackOdpEvent({ action: `before ${name}`, data });
    return next
      .handle()
      .pipe(
        tap(() => this.odp.trackOdpEvent({ action: `after ${name}`, data })),
      );
  }
}

@Injectable({ scope: Scope.REQUEST })
class Basket {
  constructor(
    @Inject(OdpService) odp: OdpService,
    @Inject(REQUEST) { headers }: Request,
  ) {
    odp.trackOdpEvent({
      action: 'request-scoped',
      data: { visitor: headers['x-visitor'] },
    });
  }
}

@Controller()
@UseGuards(Guard)
class ChatController {
  @Get('refused')
  refused() {}

  @Get('listen')
  listen() {
    return chat.pipe(first());
  }

  @Get('decorated')
  @SendOdpEvent({
    action: 'decorated',
    data: ({ request }) => ({ visitor: request.headers['x-visitor'] }),
  })
  decorated() {
    return chat.pipe(first());
  }

  @Get('say')
  say() {
    chat.next('hello');
  }
}

@Controller()
class BasketController {
  constructor(@Inject(Basket) readonly basket: Basket) {}

  @Get('basket')
  show() {}
}

/** Continues in the async context of the request that opened the connection. */
@Module({})
class SharedConnectionModule implements NestModule {
  #connection: AsyncResource | undefined;

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_request: unknown, _response: unknown, next: () => void) => {
        this.#connection ??= new AsyncResource('Connection');
        this.#connection.runInAsyncScope(next);
      })
      .forRoutes('{*path}');
  }
}

const sandbox = useSandbox();
const start = useApps();

describe.each(platforms)('around handlers, on %s', (platform) => {
  const startApp = async () => {
    const app = await start({
      platform,
      imports: [
        SharedConnectionModule,
        odpModule(sandbox.now, {
          identity: ({ headers }) => ({ visitor: headers['x-visitor'] }),
        }),
      ],
      controllers: [ChatController, BasketController],
      providers: [
        Guard,
        Basket,
        {
          provide: APP_FILTER,
          inject: [OdpService],
          useFactory: (odp: OdpService) => new Filter(odp),
        },
        { provide: APP_INTERCEPTOR, useClass: Analytics },
      ],
    });
    const visit = (visitor: string, path: string) =>
      fetch(`${app.url}/${path}`, { headers: { 'x-visitor': visitor } });
    const events = async () => {
      const all = await arrived(sandbox.now, app);
      const strays = all.filter(
        ({ identifiers, data }) => identifiers.visitor !== data.visitor,
      );
      expect(strays).toEqual([]);
      return actions(all);
    };
    return { visit, events };
  };

  test('guards, exception filters and request-scoped providers know their request, whatever context a middleware came back in', async () => {
    const { visit, events } = await startApp();
    for (const visitor of ['ada', 'grace', 'joan']) {
      expect((await visit(visitor, 'refused')).status).toBe(403);
      expect((await visit(visitor, 'basket')).status).toBe(200);
    }
    expect(await events()).toEqual(
      [
        'after show',
        'before show',
        'filter',
        'guard',
        'request-scoped',
      ].flatMap((action) => [action, action, action]),
    );
  });

  test.each(['listen', 'decorated'])(
    'interceptors hear of a result as their request, whoever brought it about (%s)',
    async (path) => {
      const { visit, events } = await startApp();
      const listening = ['ada', 'grace'].map((visitor) => visit(visitor, path));
      while (!chat.observed) await turn();
      await visit('joan', 'say');
      await Promise.all(listening);
      const seen = await events();
      expect(seen.filter((action) => action === `after ${path}`)).toHaveLength(
        2,
      );
    },
  );
});
