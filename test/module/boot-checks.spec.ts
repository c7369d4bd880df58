import { HttpService } from '@nestjs/axios';
import {
  Inject,
  Injectable,
  type LoggerService,
  Module,
  type ModuleMetadata,
  Scope,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { create } from 'axios';
import { OptimizelyOdpModule } from 'nestjs-optimizely-odp';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

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
    [undefined, 'default'],
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
