import { HttpService } from '@nestjs/axios';
import {
  Inject,
  Injectable,
  type LoggerService,
  Module,
  type ModuleMetadata,
  type Provider,
  Scope,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { create } from 'axios';
import {
  memoryOutbox,
  OdpConfigurationError,
  OptimizelyOdpModule,
  type OptimizelyOdpModuleOptions,
} from 'nestjs-optimizely-odp';
import {
  ManualClock,
  OptimizelyOdpTestingModule,
} from 'nestjs-optimizely-odp/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ODP_RUNTIME, runtimeOf } from '../../src/module/index.js';

async function boot(...imports: NonNullable<ModuleMetadata['imports']>) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const logger: LoggerService = { log: write, warn: write, error: write };
  const module = await Test.createTestingModule({ imports })
    .setLogger(logger)
    .compile();
  await module.init();
  onTestFinished(() => module.close());
  return { module, lines };
}

@Injectable({ scope: Scope.REQUEST })
class Tenant {
  readonly key = 'tenant-key';
}

@Injectable()
class FromRequest {
  constructor(@Inject(REQUEST) readonly request: object) {}

  createOptimizelyOdpOptions() {
    return { apiKey: 'key' };
  }
}

const scopedHttp = {
  provide: HttpService,
  scope: Scope.REQUEST,
  useFactory: () => new HttpService(create()),
};

@Module({ providers: [Tenant, scopedHttp], exports: [Tenant, scopedHttp] })
class ScopedModule {}

describe('what depends on the request is refused in words', () => {
  test.each([
    [
      'options of a factory',
      OptimizelyOdpModule.forRootAsync({
        imports: [ScopedModule],
        inject: [Tenant],
        useFactory: ({ key }: Tenant) => ({ apiKey: key }),
      }),
    ],
    [
      'options of a class',
      OptimizelyOdpModule.forRootAsync({ useClass: FromRequest }),
    ],
    [
      'http',
      OptimizelyOdpModule.forRootAsync({
        imports: [ScopedModule],
        inject: [HttpService],
        useFactory: (http: HttpService) => ({ apiKey: 'key', http }),
      }),
    ],
  ])('%s', async (_, configured) => {
    await expect(boot(configured)).rejects.toMatchObject({
      code: 'invalidConfiguration',
      message: expect.stringContaining('must not be request-scoped') as string,
    });
  });

  test('a transient provider is none', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Fresh {
      readonly key = 'key';
    }
    await boot(
      OptimizelyOdpModule.forRootAsync({
        imports: [class {}].map((module) => ({
          module,
          providers: [Fresh],
          exports: [Fresh],
        })),
        inject: [Fresh],
        useFactory: ({ key }: Fresh) => ({ apiKey: key }),
      }),
    );
  });
});

describe('two accounts of one name are refused before either is made', () => {
  const started = vi.fn(() => ({ apiKey: 'key' }));
  const account = (name?: string) =>
    OptimizelyOdpModule.forRootAsync({ name, useFactory: started });

  test.each([
    [undefined, undefined],
    ['emea', 'emea'],
  ])('%s and %s', async (one, other) => {
    @Module({ imports: [account(one)] })
    class FeatureModule {}
    await expect(boot(FeatureModule, account(other))).rejects.toMatchObject({
      code: 'invalidConfiguration',
      problems: [{ path: 'name' }],
    });
  });

  test('one that several modules import is one account', async () => {
    const shared = account();
    @Module({ imports: [shared] })
    class FeatureModule {}
    await boot(FeatureModule, shared);
    expect(started).toHaveBeenCalled();
  });
});

describe('the boot log names what looks like a mistake', () => {
  const options = { apiKey: 'key', apiHost: 'http://127.0.0.1:9' };
  const linesOf = async (given: OptimizelyOdpModuleOptions) =>
    (await boot(OptimizelyOdpModule.forRoot(given))).lines.join('\n');
  const onSigterm = () => {};
  const listen = () => {
    process.on('SIGTERM', onSigterm);
    onTestFinished(() => void process.off('SIGTERM', onSigterm));
  };

  test.each([
    [{ apiKey: 'abc-eu1', region: 'us' as const }, true],
    [{ apiKey: 'abc-eu1', region: 'EU' as never }, false],
    [{ apiKey: 'abc-au1.secret', region: 'eu' as const }, true],
    [{ apiKey: 'abc', region: 'eu' as const }, false],
    [{ apiKey: 'abc-eu1' }, false],
  ])(
    'a region that the suffix of the key contradicts: %o',
    async (given, told) => {
      listen();
      const lines = await linesOf({ ...options, ...given });
      expect(lines.includes('the suffix of apiKey names')).toBe(told);
      expect(lines).not.toContain('abc');
    },
  );

  test('nothing listens to SIGTERM, and the outbox does not survive the process', async () => {
    // Only once the app has had its time: main.ts may do it after it listens.
    const clock = new ManualClock();
    const laterLinesOf = async (...imports: Parameters<typeof boot>) => {
      const { lines } = await boot(...imports);
      expect(lines.join('\n')).not.toContain('SIGTERM');
      await clock.advance(10_000);
      return lines.join('\n');
    };
    const account = (given: OptimizelyOdpModuleOptions) => {
      const module = OptimizelyOdpModule.forRoot(given);
      const { logger } = runtimeOf();
      const runtime = { clock, random: () => 0, logger };
      const useOurs = (provider: Provider) =>
        typeof provider === 'object' && provider.provide === ODP_RUNTIME
          ? { provide: ODP_RUNTIME, useValue: runtime }
          : provider;
      return { ...module, providers: module.providers?.map(useOurs) ?? [] };
    };
    expect(await laterLinesOf(account(options))).toContain(
      'app.enableShutdownHooks()',
    );
    // Where nothing is sent, nothing is lost.
    const disabled = account({ ...options, enabled: false });
    expect(await laterLinesOf(disabled)).not.toContain('SIGTERM');
    expect(await laterLinesOf(account({}))).not.toContain('SIGTERM');
    expect(
      await laterLinesOf(OptimizelyOdpTestingModule.forRoot({ clock })),
    ).not.toContain('SIGTERM');
    const { module, lines } = await boot(account(options));
    await module.close();
    await clock.advance(10_000);
    expect(lines.join('\n')).not.toContain('SIGTERM');
    const { lines: enabledLater } = await boot(account(options));
    listen();
    await clock.advance(10_000);
    expect(enabledLater.join('\n')).not.toContain('SIGTERM');
  });

  test('a .env file that nothing reads, if no key is found', async () => {
    expect(await linesOf({})).toContain('ConfigModule.forRoot()');
  });
});

test('an outbox that can never be opened fails the boot', async () => {
  const outbox = memoryOutbox();
  outbox.open = () => {
    throw new OdpConfigurationError([
      { path: 'outbox', message: 'needs a package' },
    ]);
  };
  await expect(
    boot(OptimizelyOdpModule.forRoot({ apiKey: 'key', outbox })),
  ).rejects.toThrow('outbox needs a package');
});
