import 'reflect-metadata';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConsoleLogger,
  Injectable,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  getOdpServiceToken,
  OdpNotEnabledError,
  OdpNotIntegratedError,
  OdpService,
  OptimizelyOdpModule,
  type OptimizelyOdpModuleOptions,
  type OptimizelyOdpOptionsFactory,
} from 'nestjs-optimizely-odp';
import { odpConfig, odpConfigFor } from 'nestjs-optimizely-odp/config';
import {
  OdpSandbox,
  type OdpSandboxOptions,
} from 'nestjs-optimizely-odp/sandbox';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const EVENT = {
  action: 'signed_up',
  identifiers: { email: 'ada@example.com' },
};

const KEY = 'key-of-the-sandbox';

const closing: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('OPTIMIZELY_ODP_')) vi.stubEnv(name, undefined);
  }
});

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  vi.unstubAllEnvs();
});

async function boot(
  ...imports: NonNullable<ModuleMetadata['imports']>
): Promise<TestingModule> {
  const app = await Test.createTestingModule({ imports })
    .setLogger(new ConsoleLogger({ logLevels: [] }))
    .compile();
  await app.init();
  closing.push(() => app.close());
  return app;
}

async function startSandbox(
  options: OdpSandboxOptions = {},
): Promise<OdpSandbox> {
  const sandbox = await OdpSandbox.start({ apiKey: KEY, ...options });
  closing.push(() => sandbox.close());
  return sandbox;
}

/** A real .env file, and what it puts into process.env taken out again. */
async function dotenv(
  lines: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'odp-env-'));
  closing.push(() => rm(folder, { recursive: true }));
  for (const name of Object.keys(lines)) {
    const before = process.env[name];
    closing.push(async () => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
  const path = join(folder, '.env');
  await writeFile(
    path,
    Object.entries(lines)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return path;
}

const actionsAt = (sandbox: OdpSandbox) =>
  sandbox.events().map(({ event }) => event.action);

describe('odpConfig', () => {
  it('configures the module from process.env', async () => {
    const sandbox = await startSandbox();
    vi.stubEnv('OPTIMIZELY_ODP_API_KEY', KEY);
    vi.stubEnv('OPTIMIZELY_ODP_API_HOST', sandbox.url);
    vi.stubEnv('OPTIMIZELY_ODP_BATCH_SIZE', '1');
    const app = await boot(
      OptimizelyOdpModule.forRootAsync(odpConfig.asProvider()),
    );
    await app.get(OdpService).sendOdpEvent(EVENT, { awaitDelivery: true });
    expect(actionsAt(sandbox)).toEqual(['signed_up']);
  });

  it.each(['before', 'after'])(
    'reads a .env file of the ConfigModule that is imported %s it',
    async (order) => {
      const sandbox = await startSandbox();
      const envFilePath = await dotenv({
        OPTIMIZELY_ODP_API_KEY: KEY,
        OPTIMIZELY_ODP_API_HOST: sandbox.url,
        OPTIMIZELY_ODP_FLUSH_INTERVAL: '0',
      });
      const modules = [
        await ConfigModule.forRoot({ envFilePath }),
        OptimizelyOdpModule.forRootAsync(odpConfig.asProvider()),
      ];
      const app = await boot(
        ...(order === 'before' ? modules : modules.toReversed()),
      );
      await app.get(OdpService).sendOdpEvent(EVENT, { awaitDelivery: true });
      expect(actionsAt(sandbox)).toEqual(['signed_up']);
    },
  );

  it('lets process.env override the .env file', async () => {
    const envFilePath = await dotenv({
      OPTIMIZELY_ODP_API_KEY: 'key-of-the-file',
      OPTIMIZELY_ODP_ENABLED: 'true',
    });
    vi.stubEnv('OPTIMIZELY_ODP_ENABLED', 'false');
    const app = await boot(
      ConfigModule.forRoot({ envFilePath }),
      OptimizelyOdpModule.forRootAsync(odpConfig.asProvider()),
    );
    await expect(app.get(OdpService).sendOdpEvent(EVENT)).rejects.toThrow(
      OdpNotEnabledError,
    );
  });

  it('boots without a key, and says so to whoever sends', async () => {
    vi.stubEnv('OPTIMIZELY_ODP_API_KEY', '  ');
    const app = await boot(
      OptimizelyOdpModule.forRootAsync(odpConfig.asProvider()),
    );
    await expect(app.get(OdpService).sendOdpEvent(EVENT)).rejects.toThrow(
      OdpNotIntegratedError,
    );
  });

  it('fails the boot with one error that names every malformed variable', async () => {
    vi.stubEnv('OPTIMIZELY_ODP_API_KEY', 'S3cr3t key');
    vi.stubEnv('OPTIMIZELY_ODP_BATCH_SIZE', 'many');
    vi.stubEnv('OPTIMIZELY_ODP_REQUEST_TIMEOUT', 'soon');
    const booting = boot(
      OptimizelyOdpModule.forRootAsync(odpConfig.asProvider()),
    );
    await expect(booting).rejects.toMatchObject({
      name: 'OdpConfigurationError',
      code: 'invalidConfiguration',
      problems: [
        { path: 'OPTIMIZELY_ODP_BATCH_SIZE' },
        { path: 'OPTIMIZELY_ODP_API_KEY' },
        { path: 'OPTIMIZELY_ODP_REQUEST_TIMEOUT' },
      ],
      message: expect.not.stringContaining('S3cr3t') as unknown,
    });
  });

  it('takes the account from a datafile', async () => {
    const sandbox = await startSandbox();
    vi.stubEnv('OPTIMIZELY_ODP_SDK_KEY', 'sandbox');
    vi.stubEnv('OPTIMIZELY_ODP_DATAFILE_URL', sandbox.datafileUrl);
    vi.stubEnv('OPTIMIZELY_ODP_DATAFILE_POLL_INTERVAL', '1s');
    vi.stubEnv('OPTIMIZELY_ODP_READY_TIMEOUT', '5s');
    vi.stubEnv('OPTIMIZELY_ODP_WHEN_NOT_READY', 'hold');
    const app = await boot(
      OptimizelyOdpModule.forRootAsync(odpConfig.asProvider()),
    );
    await app.get(OdpService).sendOdpEvent(EVENT, { awaitDelivery: true });
    expect(actionsAt(sandbox)).toEqual(['signed_up']);
  });

  it('asks for the datafile of a secure environment with its token', async () => {
    const sandbox = await startSandbox({ datafileAccessToken: 'token' });
    vi.stubEnv('OPTIMIZELY_ODP_SDK_KEY', 'sandbox');
    vi.stubEnv('OPTIMIZELY_ODP_DATAFILE_URL', sandbox.datafileUrl);
    vi.stubEnv('OPTIMIZELY_ODP_DATAFILE_ACCESS_TOKEN', 'token');
    const app = await boot(
      OptimizelyOdpModule.forRootAsync(odpConfig.asProvider()),
    );
    await app.get(OdpService).sendOdpEvent(EVENT, { awaitDelivery: true });
    expect(actionsAt(sandbox)).toEqual(['signed_up']);
  });

  it.each<[Record<string, string>, string[]]>([
    [
      { SDK_KEY: 'key', API_KEY: 'key', REGION: 'eu', BATCH_SIZE: '0' },
      ['BATCH_SIZE', 'API_KEY', 'REGION'],
    ],
    [{ DATAFILE_URL: 'https://x.example/d.json' }, ['DATAFILE_URL']],
    [{ DATAFILE_ACCESS_TOKEN: 'S3cr3t' }, ['DATAFILE_ACCESS_TOKEN']],
    [{ SDK_KEY: 'a b' }, ['SDK_KEY']],
    [{ SDK_KEY: 'key', DATAFILE_URL: 'd.json' }, ['DATAFILE_URL']],
    [
      { SDK_KEY: 'key', DATAFILE_ACCESS_TOKEN: 'S3 cr3t' },
      ['DATAFILE_ACCESS_TOKEN'],
    ],
    [{ WHEN_NOT_READY: 'hold' }, ['WHEN_NOT_READY']],
    [
      {
        SDK_KEY: 'key',
        DATAFILE_POLL_INTERVAL: 'often',
        READY_TIMEOUT: '-1s',
        WHEN_NOT_READY: 'wait',
      },
      ['DATAFILE_POLL_INTERVAL', 'READY_TIMEOUT', 'WHEN_NOT_READY'],
    ],
  ])('fails the boot for %j', async (variables, names) => {
    for (const [name, value] of Object.entries(variables)) {
      vi.stubEnv(`OPTIMIZELY_ODP_${name}`, value);
    }
    await expect(
      boot(OptimizelyOdpModule.forRootAsync(odpConfig.asProvider())),
    ).rejects.toMatchObject({
      problems: names.map((name) => ({ path: `OPTIMIZELY_ODP_${name}` })),
      message: expect.not.stringContaining('cr3t') as unknown,
    });
  });

  it('refuses a variable with our prefix that is none of ours, and names what was probably meant', async () => {
    vi.stubEnv('OPTIMIZELY_ODP_API_KYE', 'S3cr3t');
    vi.stubEnv('OPTIMIZELY_ODP_XYZZY', '1');
    vi.stubEnv('OPTIMIZELY_ODP_EMEA_API_KEY', 'of a named account');
    await expect(
      boot(OptimizelyOdpModule.forRootAsync(odpConfig.asProvider())),
    ).rejects.toMatchObject({
      problems: [
        {
          path: 'OPTIMIZELY_ODP_API_KYE',
          message: expect.stringContaining(
            'OPTIMIZELY_ODP_API_KEY is probably meant',
          ) as string,
        },
        { path: 'OPTIMIZELY_ODP_XYZZY' },
      ],
      message: expect.not.stringContaining('S3cr3t') as unknown,
    });
  });

  it.each([
    [
      'DELIVERY_BATCH_SIZE',
      '10',
      'OPTIMIZELY_ODP_BATCH_SIZE is probably meant',
    ],
    ['FLUSHINTERVAL', '1s', 'OPTIMIZELY_ODP_FLUSH_INTERVAL is probably meant'],
    [
      'EMEA_DELIVERY_BATCH_SIZE',
      '10',
      'OPTIMIZELY_ODP_EMEA_BATCH_SIZE is probably meant',
    ],
    ['EMEA_FLUSHINTERVAL', '1s', 'OPTIMIZELY_ODP_EMEA_FLUSH_INTERVAL'],
    ['API_KEY', '"S3cr3t"', 'has quotes around its value'],
    ['ENABLED', "'true'", 'has quotes around its value'],
    ['EMEA_API_HOST', '`S3cr3t`', 'has quotes around its value'],
  ])('OPTIMIZELY_ODP_%s=%s fails the boot', async (name, value, message) => {
    vi.stubEnv('OPTIMIZELY_ODP_EMEA_API_KEY', '');
    vi.stubEnv('OPTIMIZELY_ODP_EMEA_REGION', 'eu');
    vi.stubEnv(`OPTIMIZELY_ODP_${name}`, value);
    await expect(
      boot(OptimizelyOdpModule.forRootAsync(odpConfig.asProvider())),
    ).rejects.toMatchObject({
      problems: [
        {
          path: `OPTIMIZELY_ODP_${name}`,
          message: expect.stringContaining(message) as string,
        },
      ],
      message: expect.not.stringContaining('S3cr3t') as unknown,
    });
  });

  it('reads the variables of the account that it is for, whichever there are', async () => {
    vi.stubEnv('OPTIMIZELY_ODP_EMEA_BATCH_SIZE', '10');
    const config = odpConfigFor('emea');
    await expect(Promise.resolve(config())).resolves.toMatchObject({
      delivery: { batchSize: 10 },
    });
    await expect(Promise.resolve(odpConfig())).rejects.toThrow(
      'one of a named account stands beside OPTIMIZELY_ODP_EMEA_API_KEY',
    );
  });

  it('refuses a variable in lower case, unless it is there in capitals, too', async () => {
    vi.stubEnv('optimizely_odp_api_key', 'S3cr3t');
    const configured = () =>
      boot(OptimizelyOdpModule.forRootAsync(odpConfig.asProvider()));
    await expect(configured()).rejects.toThrow('write OPTIMIZELY_ODP_API_KEY');
    vi.stubEnv('OPTIMIZELY_ODP_API_KEY', KEY);
    await expect(configured()).resolves.toBeDefined();
  });

  it('has variables of their own for named accounts', async () => {
    const sandbox = await startSandbox();
    vi.stubEnv('OPTIMIZELY_ODP_ENABLED', 'false');
    for (const name of ['EMEA', 'ASIA_EAST']) {
      vi.stubEnv(`OPTIMIZELY_ODP_${name}_API_KEY`, KEY);
      vi.stubEnv(`OPTIMIZELY_ODP_${name}_API_HOST`, sandbox.url);
    }
    const names = ['emea', 'asia-east'];
    const app = await boot(
      OptimizelyOdpModule.forRootAsync(odpConfig.asProvider()),
      ...names.map((name) =>
        OptimizelyOdpModule.forRootAsync({
          name,
          ...odpConfigFor(name).asProvider(),
        }),
      ),
    );
    for (const name of names) {
      const odp = app.get<OdpService>(getOdpServiceToken(name));
      await odp.sendOdpEvent(EVENT, { awaitDelivery: true });
    }
    expect(actionsAt(sandbox)).toHaveLength(2);
    vi.stubEnv('OPTIMIZELY_ODP_EMEA_REGION', 'mars');
    await expect(
      boot(
        OptimizelyOdpModule.forRootAsync({
          name: 'emea',
          ...odpConfigFor('emea').asProvider(),
        }),
      ),
    ).rejects.toThrow('OPTIMIZELY_ODP_EMEA_REGION');
  });

  it('is a namespace of the ConfigService like any other', async () => {
    vi.stubEnv('OPTIMIZELY_ODP_REGION', 'eu');
    const app = await boot(
      ConfigModule.forRoot({ load: [odpConfig], ignoreEnvFile: true }),
    );
    expect(app.get(ConfigService).get('optimizelyOdp.region')).toBe('eu');
  });
});

describe('the other forms', () => {
  @Injectable()
  class OdpOptions implements OptimizelyOdpOptionsFactory {
    createOptimizelyOdpOptions(): OptimizelyOdpModuleOptions {
      return { apiKey: 'key', enabled: false };
    }
  }

  @Module({ providers: [OdpOptions], exports: [OdpOptions] })
  class OdpOptionsModule {}

  it.each([
    [
      'forRoot',
      () =>
        OptimizelyOdpModule.forRoot({
          apiKey: 'key',
          enabled: false,
          isGlobal: true,
        }),
    ],
    [
      'useFactory',
      () =>
        OptimizelyOdpModule.forRootAsync({
          imports: [OdpOptionsModule],
          inject: [OdpOptions],
          useFactory: async (options: OdpOptions) =>
            options.createOptimizelyOdpOptions(),
        }),
    ],
    [
      'useClass',
      () => OptimizelyOdpModule.forRootAsync({ useClass: OdpOptions }),
    ],
    [
      'useExisting',
      () =>
        OptimizelyOdpModule.forRootAsync({
          imports: [OdpOptionsModule],
          useExisting: OdpOptions,
        }),
    ],
  ])('%s gives the module its options', async (_form, moduleOf) => {
    const app = await boot(moduleOf());
    await expect(app.get(OdpService).sendOdpEvent(EVENT)).rejects.toThrow(
      OdpNotEnabledError,
    );
  });

  it.each([
    ['forRoot', (options: never) => OptimizelyOdpModule.forRoot(options)],
    [
      'forRootAsync',
      (options: never) =>
        OptimizelyOdpModule.forRootAsync({ useFactory: () => options }),
    ],
  ])('%s fails the boot with every problem', async (_form, moduleOf) => {
    const options = {
      apiKey: 'S3cr3t\n',
      enabled: 'no',
      delivery: { batchsize: 5 },
    } as never;
    await expect(boot(moduleOf(options))).rejects.toMatchObject({
      code: 'invalidConfiguration',
      problems: [{ path: 'enabled' }, { path: 'delivery.batchsize' }],
    });
  });

  it('a factory that returns nothing is reported', async () => {
    await expect(
      boot(
        OptimizelyOdpModule.forRootAsync({
          useFactory: () => undefined as never,
        }),
      ),
    ).rejects.toMatchObject({ code: 'invalidConfiguration' });
  });
});
