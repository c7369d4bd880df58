import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
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
  type OnApplicationShutdown,
  type OnModuleInit,
  Param,
  Post,
  Sse,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import {
  OdpService,
  OdpTransport,
  type OdpTransportRequest,
  OptimizelyOdpModule,
  SendOdpEvent,
} from 'nestjs-optimizely-odp';
import { Client } from 'pg';
import { map, timer } from 'rxjs';
import { expect, test } from 'vitest';
import { platforms, useApps } from './support.js';

/** The long form: CALLERS=10000 npx vitest run test/decorators/callers.spec.ts */
const REQUESTS = Number(process.env.CALLERS ?? 240);
const VISITORS = 100;
const AT_ONCE = 50;

const event = (action: string, visitor: string) => ({
  action,
  data: { meant_for: visitor },
});

/** Looks at every event as it is sent: who was meant, and under whose name it goes. */
class Witness extends OdpTransport {
  readonly seen = new Map<string, number>();
  readonly wrong: string[] = [];

  send({ body }: OdpTransportRequest) {
    const events = JSON.parse(body.toString()) as {
      action: string;
      identifiers: Record<string, string>;
      data: { meant_for: string };
    }[];
    for (const { action, identifiers, data } of events) {
      this.seen.set(action, (this.seen.get(action) ?? 0) + 1);
      const names = JSON.stringify(identifiers);
      if (names !== JSON.stringify({ visitor: data.meant_for })) {
        this.wrong.push(`${action}: ${names} instead of ${data.meant_for}`);
      }
    }
    return Promise.resolve({ status: 202, headers: {}, body: '{}' });
  }
}

/** One connection for all, as session stores have: its callbacks run in whatever context they like. */
@Injectable()
class Sessions implements OnModuleInit, OnApplicationShutdown {
  readonly #client = new Client({
    host: '127.0.0.1',
    user: 'root',
    database: 'test',
  });

  async onModuleInit() {
    await this.#client.connect();
  }

  async onApplicationShutdown() {
    await this.#client.end();
  }

  find(id: string, found: () => void) {
    this.#client.query('SELECT $1::text AS id', [id], found);
  }
}

/** Works off jobs in the context of whoever queued the first. */
@Injectable()
class Jobs {
  readonly #queue: string[] = [];
  #working = false;

  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  add(visitor: string) {
    this.#queue.push(visitor);
    if (!this.#working) void this.#work();
  }

  async #work() {
    this.#working = true;
    for (
      let one = this.#queue.shift();
      one !== undefined;
      one = this.#queue.shift()
    ) {
      const visitor = one;
      await this.odp.runWithIdentity({ visitor }, async () => {
        await turn();
        await this.odp.sendOdpEvent(event('job', visitor));
      });
    }
    this.#working = false;
  }
}

@Injectable()
class Doorman implements CanActivate {
  constructor(@Inject(OdpService) private readonly odp: OdpService) {}

  canActivate(call: ExecutionContext) {
    const { params } = call
      .switchToHttp()
      .getRequest<{ params: { visitor: string } }>();
    this.odp.trackOdpEvent(event('guard', params.visitor));
    return true;
  }
}

@Controller(':visitor')
@UseGuards(Doorman)
class ShopController {
  constructor(
    @Inject(OdpService) private readonly odp: OdpService,
    @Inject(Jobs) private readonly jobs: Jobs,
  ) {}

  @Post('decorated')
  @SendOdpEvent(({ request }) => event('decorated', request.params.visitor!))
  async decorated(@Param('visitor') visitor: string) {
    await turn();
    await this.odp.sendOdpEvent(event('in a decorated handler', visitor));
  }

  @Post('plain')
  async plain(@Param('visitor') visitor: string) {
    this.odp.trackOdpEvent(event('at once', visitor));
    await Promise.all([turn(), this.#deep(visitor)]);
    setTimeout(
      () => this.odp.trackOdpEvent(event('after the response', visitor)),
      1,
    );
    this.jobs.add(visitor);
  }

  async #deep(visitor: string) {
    await turn();
    await this.odp.sendOdpEvents([event('deep', visitor)]);
  }

  @Get('file')
  @SendOdpEvent(({ request }) =>
    event('read to its end', request.params.visitor!),
  )
  file(@Param('visitor') visitor: string) {
    const { odp } = this;
    async function* lines() {
      for (let n = 0; n < 3; n++) {
        await turn();
        odp.trackOdpEvent(event('in a stream', visitor));
        yield `${n}\n`;
      }
    }
    return new StreamableFile(Readable.from(lines()));
  }

  @Sse('messages')
  @SendOdpEvent(({ request }) => event('completed', request.params.visitor!))
  messages(@Param('visitor') visitor: string) {
    return timer(0).pipe(
      map(() => {
        this.odp.trackOdpEvent(event('message', visitor));
        return { data: visitor };
      }),
    );
  }
}

@Module({
  controllers: [ShopController],
  providers: [Sessions, Jobs],
  exports: [Sessions],
})
class ShopModule implements NestModule {
  readonly #batch: (() => void)[] = [];
  readonly #bus = new EventEmitter().setMaxListeners(0);

  constructor(@Inject(Sessions) private readonly sessions: Sessions) {}

  configure(consumer: MiddlewareConsumer) {
    type Next = () => void;
    consumer
      .apply(
        (request: { url: string }, _response: unknown, next: Next) =>
          this.sessions.find(request.url, () => next()),
        // All of a batch go on from the first one's timer.
        (_request: unknown, _response: unknown, next: Next) => {
          this.#batch.push(next);
          if (this.#batch.length > 1) return;
          setTimeout(() => {
            for (const one of this.#batch.splice(0)) one();
          }, 1);
        },
        // And from one listener for all.
        (_request: unknown, _response: unknown, next: Next) => {
          this.#bus.once('go', next);
          setImmediate(() => this.#bus.emit('go'));
        },
      )
      .forRoutes('{*path}');
  }
}

const PATHS = ['decorated', 'plain', 'file', 'messages'] as const;
const start = useApps();

test.each(platforms)(
  '%s: no event goes out under a wrong name, whatever contexts callbacks bring in',
  async (platform) => {
    const witness = new Witness();
    const module = OptimizelyOdpModule.forRoot({
      apiKey: 'key',
      identity: ({ headers }) => ({ visitor: headers['x-visitor'] }),
    });
    const app = await start({
      platform,
      imports: [
        {
          ...module,
          providers: [
            ...(module.providers ?? []),
            { provide: OdpTransport, useValue: witness },
          ],
        },
        ShopModule,
      ],
    });
    const visit = async (n: number) => {
      const visitor = `visitor-${n % VISITORS}`;
      const path = PATHS[(n + Math.floor(n / VISITORS)) % PATHS.length]!;
      const response = await fetch(`${app.url}/${visitor}/${path}`, {
        method: path === 'file' || path === 'messages' ? 'GET' : 'POST',
        headers: { 'x-visitor': visitor },
      });
      await response.text();
      expect(response.ok).toBe(true);
    };
    let next = 0;
    const worker = async () => {
      while (next < REQUESTS) await visit(next++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await app.app.close();
    expect(witness.wrong).toEqual([]);
    const each = REQUESTS / PATHS.length;
    expect(Object.fromEntries(witness.seen)).toEqual({
      guard: REQUESTS,
      decorated: each,
      'in a decorated handler': each,
      'at once': each,
      deep: each,
      'after the response': each,
      job: each,
      'read to its end': each,
      'in a stream': 3 * each,
      message: each,
      completed: each,
    });
  },
  300_000,
);
