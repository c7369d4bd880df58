import 'reflect-metadata';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Injectable,
  Logger,
  UseFilters,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import {
  ClientProxyFactory,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  OdpConfigurationError,
  type OptimizelyOdpModuleOptions,
  QualifiedFor,
  QualifiedSegments,
} from 'nestjs-optimizely-odp';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { odpModule, platforms, useApps, useSandbox } from './support.js';

const VIP = 'vip@example.com';
const GOLD = 'gold@example.com';
const BOTH = 'both@example.com';
const NOBODY = 'nobody@example.com';
/** A browser that a vip has used. */
const VUID = '0123456789abcdef0123456789abcdef';

/** An e-mail address, or identifiers as JSON. */
type Who = string;
const identifiersOf = (who: Who | undefined): Record<string, string> =>
  who?.startsWith('{') === true
    ? (JSON.parse(who) as Record<string, string>)
    : who === undefined
      ? {}
      : { email: who };

/** Callers with several identifiers, and whether they count as a vip. */
const SEVERAL: readonly (readonly [Who, boolean])[] = [
  [{ vuid: VUID }, true],
  [{ email: '', vuid: VUID }, true],
  [{ email: VIP, vuid: 'f'.repeat(32) }, true],
  [{ email: NOBODY, fs_user_id: 'vip' }, true],
  // Whoever used the browser before: somebody else, as far as anybody knows.
  [{ email: NOBODY, vuid: VUID }, false],
  [{ vuid: VUID, email: GOLD }, false],
].map(([who, isVip]) => [JSON.stringify(who), isVip as boolean]);

/** As an app's own guard does: the user is known from here on. */
@Injectable()
class SignIn implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    request.user = identifiersOf(request.headers['x-email']);
    return true;
  }
}

@Controller()
@UseGuards(SignIn)
class ShopController {
  @Get('any')
  @QualifiedFor('vip', 'gold')
  any() {
    return 'welcome';
  }

  @Get('all')
  @QualifiedFor('vip', 'gold', { match: 'all' })
  all() {
    return 'welcome';
  }

  @Get('each')
  @QualifiedFor('vip')
  @QualifiedFor('gold')
  each() {
    return 'welcome';
  }

  @Get('lenient')
  @QualifiedFor('vip', { whenUnavailable: 'allow' })
  lenient() {
    return 'welcome';
  }

  @Get('elsewhere')
  @QualifiedFor('vip', { account: 'nowhere', whenUnavailable: 'allow' })
  elsewhere() {
    return 'welcome';
  }

  @Get('segments')
  segments(@QualifiedSegments('gold', 'vip') segments: string[]) {
    return segments;
  }
}

@Controller('vips')
@QualifiedFor('vip')
@UseGuards(SignIn)
class VipController {
  @Get()
  show(@QualifiedSegments('vip', 'gold') segments: string[]) {
    return segments;
  }
}

@Controller('early')
class EarlyController {
  @Get('below')
  @UseGuards(SignIn)
  @QualifiedFor('vip')
  below() {
    return 'welcome';
  }

  @Get('above')
  @QualifiedFor('vip')
  @UseGuards(SignIn)
  above() {
    return 'welcome';
  }
}

@Controller('late')
@QualifiedFor('vip')
class LateController {
  @Get()
  @UseGuards(new SignIn())
  show() {
    return 'welcome';
  }
}

const identity: OptimizelyOdpModuleOptions['identity'] = ({
  type,
  user,
  headers,
  body,
}) => {
  if (type === 'http') return user;
  const { email } = (body ?? {}) as { email?: string };
  return identifiersOf((headers['x-email'] as string | undefined) ?? email);
};

const sandbox = useSandbox();
const start = useApps();

const qualify = () => {
  sandbox.now.setSegments({ email: VIP }, ['vip']);
  sandbox.now.setSegments({ email: GOLD }, ['gold']);
  sandbox.now.setSegments({ email: BOTH }, ['vip', 'gold']);
  sandbox.now.setSegments({ vuid: VUID }, ['vip']);
  sandbox.now.setSegments({ fs_user_id: 'vip' }, ['vip']);
};

async function shop(
  options: Partial<OptimizelyOdpModuleOptions> = {},
  platform: (typeof platforms)[number] = 'express',
) {
  const { url } = await start({
    platform,
    imports: [odpModule(sandbox.now, { identity, ...options })],
    controllers: [
      ShopController,
      VipController,
      EarlyController,
      LateController,
    ],
    before: (app) =>
      app.useGlobalPipes(
        new ValidationPipe({
          transform: true,
          whitelist: true,
          forbidNonWhitelisted: true,
          validateCustomDecorators: true,
        }),
      ),
  });
  return async (path: string, email?: string) => {
    const response = await fetch(`${url}/${path}`, {
      headers: email === undefined ? {} : { 'x-email': email },
    });
    const text = await response.text();
    return response.ok
      ? text.startsWith('[')
        ? JSON.parse(text)
        : text
      : response.status;
  };
}

/** What the package logs. */
function logged() {
  const lines: string[] = [];
  for (const level of ['warn', 'error'] as const) {
    const spy = vi
      .spyOn(Logger.prototype, level)
      .mockImplementation((message: unknown) => {
        lines.push(String(message));
      });
    onTestFinished(() => spy.mockRestore());
  }
  return lines;
}

describe.each(platforms)('on %s', (platform) => {
  test('@QualifiedFor lets those pass who are qualified, and nobody else', async () => {
    qualify();
    const get = await shop({}, platform);
    for (const [path, passes] of [
      ['any', [VIP, GOLD, BOTH]],
      ['all', [BOTH]],
      ['each', [BOTH]],
      ['vips', [VIP, BOTH]],
    ] as const) {
      for (const email of [VIP, GOLD, BOTH, NOBODY, undefined]) {
        const isOk = (passes as readonly unknown[]).includes(email);
        const answer = await get(path, email);
        expect([path, email, answer === 403]).toEqual([path, email, !isOk]);
      }
    }
  });

  test('@QualifiedSegments hands over those of the named that the caller is qualified for', async () => {
    qualify();
    const get = await shop({}, platform);
    expect(await get('segments', VIP)).toEqual(['vip']);
    expect(await get('segments', BOTH)).toEqual(['gold', 'vip']);
    expect(await get('segments', NOBODY)).toEqual([]);
    expect(await get('segments')).toEqual([]);
    expect(await get('vips', BOTH)).toEqual(['vip', 'gold']);
  });

  test.each(SEVERAL)('%s is a vip: %s', async (who, isVip) => {
    qualify();
    const get = await shop({}, platform);
    expect(await get('lenient', who)).toBe(isVip ? 'welcome' : 403);
    expect(await get('segments', who)).toEqual(
      isVip ? ['vip'] : who.includes(GOLD) ? ['gold'] : [],
    );
  });
});

test('the guard that sets the user has to run first: the lower one does', async () => {
  qualify();
  const lines = logged();
  const get = await shop();
  expect(await get('early/above', VIP)).toBe('welcome');
  expect(await get('early/below', VIP)).toBe(403);
  // A test's process listens to no SIGTERM.
  expect(lines.filter((line) => !line.includes('SIGTERM'))).toEqual([
    expect.stringContaining(
      '@QualifiedFor() on EarlyController.below runs before SignIn',
    ),
    expect.stringContaining(
      '@QualifiedFor() on LateController, before show, runs before SignIn',
    ),
  ]);
});

test('callers who come at once are told apart', async () => {
  qualify();
  const get = await shop();
  const emails = Array.from(
    { length: 100 },
    (_, n) => [VIP, GOLD, BOTH, NOBODY][n % 4],
  );
  const answers = await Promise.all(emails.map((email) => get('all', email)));
  expect(answers).toEqual(
    emails.map((email) => (email === BOTH ? 'welcome' : 403)),
  );
});

describe('while ODP is away', () => {
  test('callers are denied, unless it is said otherwise; segments are none; one line says why', async () => {
    qualify();
    sandbox.now.fail({ status: 500 });
    const get = await shop();
    const lines = logged();
    expect(await get('any', VIP)).toBe(403);
    expect(await get('lenient', NOBODY)).toBe('welcome');
    expect(await get('segments', VIP)).toEqual([]);
    expect(await get('segments', VIP)).toEqual([]);
    expect(lines).toHaveLength(3);
    expect(lines.join()).toContain('@QualifiedFor() on ShopController.any');
    expect(lines.join()).not.toContain('example.com');
    // Nothing of it is kept.
    sandbox.now.clearFaults();
    expect(await get('any', VIP)).toBe('welcome');
    expect(await get('lenient', NOBODY)).toBe(403);
  });

  test('they wait for requestTimeout and no longer', async () => {
    sandbox.now.fail({ hang: true });
    const get = await shop({ segments: { requestTimeout: 50 } });
    logged();
    expect(await get('any', VIP)).toBe(403);
    expect(await get('lenient', VIP)).toBe('welcome');
  });

  test('so is it if ODP is not enabled, or not integrated', async () => {
    for (const options of [{ enabled: false }, { apiKey: undefined }]) {
      const get = await shop(options);
      logged();
      expect(await get('any', VIP)).toBe(403);
      expect(await get('lenient', VIP)).toBe('welcome');
    }
  });
});

test('what can never work denies everybody, and says how to fix it', async () => {
  qualify();
  const get = await shop({ identity: undefined });
  const lines = logged();
  expect(await get('lenient', VIP)).toBe(403);
  expect(await get('elsewhere', VIP)).toBe(403);
  expect(await get('segments', VIP)).toEqual([]);
  expect(lines.join('\n')).toMatch(/lenient .*set the option identity/);
  expect(lines.join('\n')).toMatch(/elsewhere .*no account is named 'nowhere'/);
});

test('a decorator that is told nonsense fails when its class is declared', () => {
  for (const declare of [
    () => QualifiedFor(...([] as never as [string])),
    () => QualifiedFor(' '),
    () => QualifiedFor(7 as never),
    () => QualifiedFor('vip', { match: 'some' as never }),
    () => QualifiedFor('vip', { whenUnavailable: 'yes' as never }),
    () => QualifiedSegments('vip', ''),
  ]) {
    expect(declare).toThrow(OdpConfigurationError);
  }
});

@Resolver()
class ShopResolver {
  @Query(() => String)
  @QualifiedFor('vip')
  secret(): string {
    return 'tea';
  }

  @Query(() => [String])
  segments(@QualifiedSegments('gold', 'vip') segments: string[]): string[] {
    return segments;
  }
}

test('GraphQL', async () => {
  qualify();
  const { url } = await start({
    imports: [
      odpModule(sandbox.now, { identity }),
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
      }),
    ],
    providers: [ShopResolver],
  });
  const ask = async (email: string) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-email': email },
      body: JSON.stringify({ query: '{ segments secret }' }),
    });
    return (await response.json()) as {
      data: { segments: string[]; secret: string } | null;
      errors?: { message: string }[];
    };
  };
  expect((await ask(BOTH)).data).toEqual({
    segments: ['gold', 'vip'],
    secret: 'tea',
  });
  expect((await ask(GOLD)).errors).toMatchObject([
    { message: 'Forbidden resource' },
  ]);
  for (const [who, isVip] of SEVERAL) {
    const { data } = await ask(who);
    expect([who, data]).toEqual([
      who,
      isVip ? { segments: ['vip'], secret: 'tea' } : null,
    ]);
  }
});

@Controller()
class SalesController {
  @MessagePattern('secret')
  @QualifiedFor('vip')
  secret(@Payload() _who: object): string {
    return 'tea';
  }

  @MessagePattern('segments')
  segments(
    @QualifiedSegments('gold', 'vip') segments: string[],
    @Payload() _who: object,
  ): string[] {
    return segments;
  }
}

describe('RPC', () => {
  const closing: (() => Promise<unknown> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  test('over TCP', async () => {
    qualify();
    const module = await Test.createTestingModule({
      imports: [odpModule(sandbox.now, { identity })],
      controllers: [SalesController],
    }).compile();
    const service = module.createNestMicroservice({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
      logger: false,
    });
    await service.listen();
    const { port } = (
      service.unwrap() as { address(): { port: number } }
    ).address();
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
    closing.push(
      () => client.close(),
      () => service.close(),
    );
    const ask = (pattern: string, email: string) =>
      firstValueFrom(client.send<unknown>(pattern, { email })).catch(
        (error: { message: string }) => error.message,
      );
    expect(await ask('secret', VIP)).toBe('tea');
    expect(await ask('secret', NOBODY)).toBe('Forbidden resource');
    expect(await ask('segments', BOTH)).toEqual(['gold', 'vip']);
    for (const [who, isVip] of SEVERAL) {
      const answer = isVip ? 'tea' : 'Forbidden resource';
      expect([who, await ask('secret', who)]).toEqual([who, answer]);
    }
  });
});

/** Nest 11 tells a `ws` client nothing of what was thrown. */
@Catch()
class AnswerAnyway implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): void {
    const client = host.switchToWs().getClient();
    client.send(JSON.stringify({ event: 'answer', data: error.message }));
  }
}

@WebSocketGateway()
@UseFilters(AnswerAnyway)
class ShopGateway {
  handleConnection(client: { request?: unknown }, request: unknown): void {
    client.request ??= request;
  }

  @SubscribeMessage('secret')
  @QualifiedFor('vip')
  secret() {
    return { event: 'answer', data: 'tea' };
  }

  @SubscribeMessage('segments')
  segments(@QualifiedSegments('gold', 'vip') data: string[]) {
    return { event: 'answer', data };
  }
}

test('WebSocket', async () => {
  qualify();
  const { url } = await start({
    imports: [odpModule(sandbox.now, { identity })],
    providers: [ShopGateway],
    before: (app) => app.useWebSocketAdapter(new WsAdapter(app)),
  });
  const ask = (event: string, email: string) =>
    new Promise((resolve, reject) => {
      const client = new WebSocket(url.replace('http', 'ws'), {
        headers: { 'x-email': email },
      });
      client.on('error', reject);
      client.on('open', () => client.send(JSON.stringify({ event, data: {} })));
      client.on('message', (text: Buffer) => {
        client.close();
        resolve(JSON.parse(text.toString()).data);
      });
    });
  expect(await ask('secret', VIP)).toBe('tea');
  expect(await ask('secret', NOBODY)).toBe('Forbidden resource');
  expect(await ask('segments', BOTH)).toEqual(['gold', 'vip']);
  for (const [who, isVip] of SEVERAL) {
    const answer = isVip ? 'tea' : 'Forbidden resource';
    expect([who, await ask('secret', who)]).toEqual([who, answer]);
  }
});
