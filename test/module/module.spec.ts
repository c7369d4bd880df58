import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpModule, HttpService } from '@nestjs/axios';
import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  getOdpServiceToken,
  InjectOdp,
  OdpConfigurationError,
  OdpService,
  OptimizelyOdpModule,
  type OptimizelyOdpModuleOptions,
  type OptimizelyOdpOptionsFactory,
} from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import axios from 'axios';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { numbered } from '../support/odp-app.js';

const SILENT = { log: () => {}, warn: () => {}, error: () => {} };

let sandbox: OdpSandbox;
beforeEach(async () => {
  sandbox = await OdpSandbox.start();
  return () => sandbox.close();
});

async function boot(
  ...imports: NonNullable<Parameters<typeof Module>[0]['imports']>
) {
  const module = await Test.createTestingModule({ imports })
    .setLogger(SILENT)
    .compile();
  await module.init();
  onTestFinished(() => module.close());
  return module;
}

const options = (): OptimizelyOdpModuleOptions => ({
  apiKey: 'key',
  apiHost: sandbox.url,
});

@Injectable()
class OptionsFactory implements OptimizelyOdpOptionsFactory {
  constructor(@Inject('HOST') private readonly apiHost: string) {}

  createOptimizelyOdpOptions() {
    return Promise.resolve({ apiKey: 'key', apiHost: this.apiHost });
  }
}

describe('every way to configure it sends an event', () => {
  const hostModule = () => {
    @Module({
      providers: [{ provide: 'HOST', useValue: sandbox.url }, OptionsFactory],
      exports: ['HOST', OptionsFactory],
    })
    class HostModule {}
    return HostModule;
  };

  test.each<[string, () => NonNullable<Parameters<typeof boot>[0]>]>([
    ['forRoot', () => OptimizelyOdpModule.forRoot(options())],
    [
      'useFactory',
      () =>
        OptimizelyOdpModule.forRootAsync({
          imports: [hostModule()],
          inject: ['HOST'],
          useFactory: (apiHost: string) => ({ apiKey: 'key', apiHost }),
        }),
    ],
    [
      'useClass',
      () =>
        OptimizelyOdpModule.forRootAsync({
          imports: [hostModule()],
          useClass: OptionsFactory,
        }),
    ],
    [
      'useExisting',
      () =>
        OptimizelyOdpModule.forRootAsync({
          imports: [hostModule()],
          useExisting: OptionsFactory,
        }),
    ],
  ])('%s', async (_, configured) => {
    const odp = (await boot(configured())).get(OdpService);
    await odp.sendOdpEvent(numbered(1));
    await odp.flush();
    expect(sandbox.events()).toHaveLength(1);
  });
});

test('it is global unless isGlobal is false', async () => {
  @Injectable()
  class Feature {
    constructor(@Inject(OdpService) readonly odp: OdpService) {}
  }
  @Module({ providers: [Feature] })
  class FeatureModule {}

  const module = await boot(
    OptimizelyOdpModule.forRoot(options()),
    FeatureModule,
  );
  expect(module.get(Feature, { strict: false }).odp).toBeInstanceOf(OdpService);
  await expect(
    boot(
      OptimizelyOdpModule.forRoot({ ...options(), isGlobal: false }),
      FeatureModule,
    ),
  ).rejects.toThrow('OdpService');
});

test('named accounts have services, keys, outboxes and counters of their own', async () => {
  const emeaSandbox = await OdpSandbox.start({ apiKey: 'emea-key' });
  onTestFinished(() => emeaSandbox.close());

  @Injectable()
  class Both {
    constructor(
      @InjectOdp() readonly main: OdpService,
      @InjectOdp('emea') readonly emea: OdpService,
    ) {}
  }
  const module = await Test.createTestingModule({
    imports: [
      OptimizelyOdpModule.forRoot(options()),
      OptimizelyOdpModule.forRootAsync({
        name: 'emea',
        useFactory: () => ({ apiKey: 'emea-key', apiHost: emeaSandbox.url }),
      }),
    ],
    providers: [Both],
  }).compile();
  await module.init();
  onTestFinished(() => module.close());
  const both = module.get(Both);
  expect(both.main).toBe(module.get(OdpService));
  expect(both.emea).toBe(module.get(getOdpServiceToken('emea')));
  await both.main.sendOdpEvent(numbered('main'));
  await both.emea.sendOdpEvent(numbered('emea'));
  await both.main.flush();
  await both.emea.flush();
  expect(sandbox.events()).toMatchObject([
    { event: { identifiers: { n: 'main' } } },
  ]);
  expect(emeaSandbox.events()).toMatchObject([
    { event: { identifiers: { n: 'emea' } } },
  ]);
  expect(both.emea.stats()).toMatchObject({ accepted: 1, delivered: 1 });
});

test('a missing named account is named in the error', async () => {
  @Injectable()
  class Lost {
    constructor(@InjectOdp('apac') readonly odp: OdpService) {}
  }
  await expect(
    Test.createTestingModule({
      imports: [OptimizelyOdpModule.forRoot(options())],
      providers: [Lost],
    })
      .setLogger(SILENT)
      .compile(),
  ).rejects.toThrow("OptimizelyOdpModule.forRoot({ name: 'apac' })");
});

test.each([
  ['forRoot', (bad: object) => OptimizelyOdpModule.forRoot(bad)],
  [
    'forRootAsync',
    (bad: object) =>
      OptimizelyOdpModule.forRootAsync({ useFactory: () => bad }),
  ],
])(
  '%s: a bad configuration fails the boot with every problem',
  async (_, configure) => {
    const booting = boot(
      configure({
        apiKey: 'secret key',
        apiHost: 'http://odp.example.com',
        region: 'moon',
        delivery: { batchSize: 501, flushInterval: 'soon' },
        batchSise: 3,
      }),
    );
    await expect(booting).rejects.toBeInstanceOf(OdpConfigurationError);
    const { problems, message } = (await booting.catch(
      (error: unknown) => error,
    )) as OdpConfigurationError;
    expect(problems.map(({ path }) => path).toSorted()).toEqual([
      'apiHost',
      'apiKey',
      'batchSise',
      'delivery.batchSize',
      'delivery.flushInterval',
      'region',
    ]);
    expect(message).not.toContain('secret');
  },
);

test('a factory that returns nothing fails the boot with an error that says so', async () => {
  await expect(
    boot(
      OptimizelyOdpModule.forRootAsync({
        useFactory: () => undefined as never,
      }),
    ),
  ).rejects.toThrow('the options factory returned nothing');
});

describe('an account that takes no events', () => {
  test.each([
    ['without an API key', {}, 'odpNotIntegrated'],
    ['with a blank API key', { apiKey: ' ' }, 'odpNotIntegrated'],
    ['that is not enabled', { apiKey: 'key', enabled: false }, 'odpNotEnabled'],
  ])('%s boots, and every send rejects', async (_, given, code) => {
    const odp = (
      await boot(
        OptimizelyOdpModule.forRoot({ apiHost: sandbox.url, ...given }),
      )
    ).get(OdpService);
    await expect(odp.sendOdpEvent(numbered(1))).rejects.toMatchObject({ code });
    await expect(odp.sendOdpEvents([numbered(1)])).rejects.toMatchObject({
      code,
    });
    await expect(odp.identify({ a: '1', b: '2' })).rejects.toMatchObject({
      code,
    });
    odp.trackOdpEvent(numbered(1));
    expect(await odp.flush()).toEqual({ pending: 0 });
    expect(odp.stats()).toMatchObject({ accepted: 0, pending: 0, requests: 0 });
    expect(await odp.deadLetters.list()).toEqual([]);
    expect(sandbox.requests()).toEqual([]);
  });
});

test.each([
  null,
  '',
  ' ',
  'default',
  'a\nb',
  ' emea',
  'emea ',
  'em\u200bea',
  5,
])('an account cannot be named %j', (name) => {
  const named = { ...options(), name } as { name: string };
  const useFactory = options;
  for (const make of [
    () => OptimizelyOdpModule.forRoot(named),
    () => OptimizelyOdpModule.forRootAsync({ name: named.name, useFactory }),
  ]) {
    expect(make).toThrow(OdpConfigurationError);
    expect(make).toThrow('(name must ');
  }
});

test.each(['emea', 'EMEA north', 'größer', 'a'])(
  'an account may be named %j',
  async (name) => {
    const module = await boot(
      OptimizelyOdpModule.forRoot({ ...options(), name }),
    );
    expect(module.get(getOdpServiceToken(name))).toBeInstanceOf(OdpService);
  },
);

test.each(['W4WzcEs-ABgXorzY7h1LCQ', undefined, null, 5])(
  'instead of options, %j is told how to write it',
  (given) => {
    const make = () => OptimizelyOdpModule.forRoot(given as never);
    expect(make).toThrow(OdpConfigurationError);
    expect(make).toThrow('write OptimizelyOdpModule.forRoot({ apiKey })');
    expect(make).not.toThrow('W4');
    expect(() => OptimizelyOdpModule.forRootAsync(given as never)).toThrow(
      'write OptimizelyOdpModule.forRootAsync({ inject, useFactory })',
    );
  },
);

test('options of one form, given to the other, are told which it is', () => {
  const { forRoot, forRootAsync } = OptimizelyOdpModule;
  const useFactory = () => options();
  expect(() => forRoot({ useFactory } as never)).toThrow(
    'options have a factory: write OptimizelyOdpModule.forRootAsync({ inject, useFactory })',
  );
  expect(() => forRootAsync(options() as never)).toThrow(
    'options lack useFactory, useClass or useExisting: write OptimizelyOdpModule.forRootAsync({ inject, useFactory })',
  );
});

test('an HttpService that the app gives the account carries its requests', async () => {
  const module = await boot(
    OptimizelyOdpModule.forRootAsync({
      imports: [HttpModule.register({ headers: { 'x-shop': 'proxied' } })],
      inject: [HttpService],
      useFactory: (http: HttpService) => ({ ...options(), http }),
    }),
  );
  const odp = module.get(OdpService);
  await odp.sendOdpEvent(numbered(1));
  await odp.flush();
  expect(sandbox.requests()[0]?.headers).toMatchObject({
    'x-shop': 'proxied',
    'x-api-key': 'key',
    'content-type': 'application/json',
  });
});

test("the app's own HttpService neither carries them nor is replaced", async () => {
  const module = await boot(
    HttpModule.register({ global: true, headers: { 'x-shop': 'global' } }),
    OptimizelyOdpModule.forRoot(options()),
  );
  const own = module.get(HttpService, { strict: false });
  expect(own.axiosRef.defaults.headers).toMatchObject({ 'x-shop': 'global' });
  const odp = module.get(OdpService);
  await odp.sendOdpEvent(numbered(1));
  await odp.flush();
  expect(sandbox.requests()).toHaveLength(1);
  expect(sandbox.requests()[0]?.headers).not.toHaveProperty('x-shop');
});

test("what the app adds to axios' default instance does not reach ODP", async () => {
  const added = axios.interceptors.request.use((config) => {
    config.headers.set('authorization', 'Bearer token-of-the-app');
    return config;
  });
  onTestFinished(() => axios.interceptors.request.eject(added));
  const module = await boot(OptimizelyOdpModule.forRoot(options()));
  const odp = module.get(OdpService);
  await odp.sendOdpEvent(numbered(1));
  await odp.flush();
  expect(sandbox.requests()).toHaveLength(1);
  expect(sandbox.requests()[0]?.headers).not.toHaveProperty('authorization');
});

test("the environment's proxy is used", async () => {
  const asked: (string | undefined)[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url);
    request.resume().on('end', () => response.writeHead(202).end());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    vi.unstubAllEnvs();
    proxy.close();
    proxy.closeAllConnections();
  });
  const { port } = proxy.address() as AddressInfo;
  vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${port}`);
  const module = await boot(
    OptimizelyOdpModule.forRoot({
      apiKey: 'key',
      apiHost: 'http://odp.invalid',
      allowInsecureHost: true,
    }),
  );
  const odp = module.get(OdpService);
  await odp.sendOdpEvent(numbered(1), { awaitDelivery: true });
  expect(asked).toEqual(['http://odp.invalid/v3/events']);
});

test('two apps in one process know nothing of each other', async () => {
  const apps = await Promise.all(
    [1, 2].map(() => boot(OptimizelyOdpModule.forRoot(options()))),
  );
  const [first, second] = apps.map((module) => module.get(OdpService));
  await first?.sendOdpEvent(numbered(1));
  await first?.flush();
  expect(second?.stats()).toMatchObject({ accepted: 0, delivered: 0 });
});

test('an http option that is no HttpService fails the boot', async () => {
  await expect(
    boot(OptimizelyOdpModule.forRoot({ ...options(), http: {} as never })),
  ).rejects.toThrow(
    'http must be the HttpService of @nestjs/axios: write forRootAsync(',
  );
});

test('without an HttpModule of its own, the app has no HttpService', async () => {
  const module = await boot(OptimizelyOdpModule.forRoot(options()));
  expect(() => module.get(HttpService, { strict: false })).toThrow(
    'HttpService',
  );
});
