// Runs the blocks of one page: node docs/check/run.mjs <file>.js:<line> …
//
// Each is imported. An app that it starts must come up, a module that it
// exports must boot, controllers and providers must be made, whatever account
// it configures sends to the sandbox, and then its check is asked.
import assert from 'node:assert/strict';
import cluster from 'node:cluster';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OdpService, OptimizelyOdpModule } from 'nestjs-optimizely-odp';
import { OdpSandbox } from 'nestjs-optimizely-odp/sandbox';
import { Client } from 'pg';
import 'reflect-metadata';

const js = fileURLToPath(new URL('../../.docs-check/js/', import.meta.url));
const BOOT_TIMEOUT_MS = 60_000;

const directory = mkdtempSync(join(tmpdir(), 'odp-docs-'));
process.chdir(directory);
const sandbox = await OdpSandbox.start({ port: 0 });
Object.assign(process.env, {
  OPTIMIZELY_ODP_API_KEY: 'any-key',
  OPTIMIZELY_ODP_API_HOST: sandbox.url,
  OPTIMIZELY_ODP_EMEA_API_KEY: 'any-key',
  OPTIMIZELY_ODP_EMEA_API_HOST: sandbox.url,
  OPTIMIZELY_SDK_KEY: 'sandbox',
  OPTIMIZELY_DATAFILE_URL: sandbox.datafileUrl,
  ODP_OUTBOX: join(directory, 'outbox'),
  DATA_DIR: directory,
  PORT: '0',
});

// Pages run side by side, and name their tables alike.
const schema = `page_${process.pid}`;
await sql(`CREATE SCHEMA ${schema}`);
process.env.PGOPTIONS = `-c search_path=${schema}`;

/** Apps that the block started, by whether they have come up. */
const apps = [];
/** Dynamic modules that the block made. */
const made = new Set();

const toSandbox = (options) =>
  options.integration === undefined && options.apiHost === undefined
    ? { ...options, apiHost: sandbox.url }
    : options;
const { forRoot, forRootAsync } = OptimizelyOdpModule;
OptimizelyOdpModule.forRoot = function (options) {
  const one = forRoot.call(this, toSandbox(options));
  made.add(one);
  return one;
};
OptimizelyOdpModule.forRootAsync = function (options) {
  const { useFactory } = options;
  const one = forRootAsync.call(
    this,
    useFactory === undefined
      ? options
      : {
          ...options,
          useFactory: async (...args) => toSandbox(await useFactory(...args)),
        },
  );
  made.add(one);
  return one;
};
// A worker would run this page again.
cluster.fork = () => new EventEmitter();
const create = NestFactory.create.bind(NestFactory);
NestFactory.create = async (module, options) => {
  const app = await create(module, { ...options, abortOnError: false });
  apps.push(app);
  return app;
};
Logger.overrideLogger(false);

async function sql(text) {
  const client = new Client();
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function boot(module) {
  const app = await NestFactory.create(module);
  await app.listen(0, '127.0.0.1');
  return app;
}

/** An app of nothing but an account and this. */
function appOf(classes) {
  const isController = (type) => Reflect.hasMetadata('path', type);
  class BlockModule {}
  Reflect.defineMetadata(
    'imports',
    [OptimizelyOdpModule.forRoot({ apiKey: 'any-key' })],
    BlockModule,
  );
  Reflect.defineMetadata(
    'controllers',
    classes.filter(isController),
    BlockModule,
  );
  Reflect.defineMetadata(
    'providers',
    classes.filter((type) => !isController(type)),
    BlockModule,
  );
  return boot(BlockModule);
}

async function request(path, init) {
  const deadline = performance.now() + BOOT_TIMEOUT_MS;
  let app;
  while ((app = apps.find(({ isListening }) => isListening)) === undefined) {
    assert.ok(performance.now() < deadline, 'no app listens');
    await wait(20);
  }
  return fetch(new URL(path, await app.getUrl()), init);
}

Object.assign(globalThis, {
  assert,
  sandbox,
  make: async (type, module) => {
    const app = module === undefined ? await appOf([type]) : await boot(module);
    return app.get(type, { strict: false });
  },
  post: (path, body, headers) =>
    request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body ?? {}),
    }),
  get: (path, headers) => request(path, { headers }),
  sql,
});
// What blocks assume with `declare const`.
Object.assign(globalThis, {
  email: 'ada@example.com',
  vuid: '51bf4c6d0a7e4f6f9b6b0f3f1f1e2d3c',
  userId: 'u-1',
  id: '42',
  apiKey: 'any-key',
  event: { action: 'tested', identifiers: { email: 'ada@example.com' } },
  signal: new AbortController().signal,
});
const shared = await create(
  OptimizelyOdpModule.forRoot({ apiKey: 'any-key' }),
  { logger: false },
);
await shared.init();
globalThis.odp = shared.get(OdpService);

/** @param files the first is run, and asks for the others that it imports */
async function runBlock([file, ...others]) {
  sandbox.reset();
  made.clear();
  const module = await import(join(js, file));
  const checks = [module.check];
  for (const other of others)
    checks.push((await import(join(js, other))).check);
  const isChecked = checks.some((check) => check !== undefined);
  // Long enough for a `void bootstrap()` to have got as far as its app.
  for (let turn = 0; turn < 3; turn++) await wait(0);
  const exported = Object.values(module).filter(
    (one) => typeof one === 'function' && /^class\b/.test(`${one}`),
  );
  const modules = exported.filter((type) =>
    ['imports', 'controllers', 'providers', 'exports'].some((key) =>
      Reflect.hasMetadata(key, type),
    ),
  );
  const parts = exported.filter(
    (type) =>
      !modules.includes(type) &&
      (Reflect.hasMetadata('path', type) ||
        Reflect.hasMetadata('__injectable__', type)),
  );
  if (!isChecked) {
    for (const type of modules) await boot(type);
    if (modules.length === 0) {
      for (const one of made) await boot(one);
      if (parts.length > 0) await appOf(parts);
    }
  } else if (apps.length === 0 && modules.length === 0 && parts.length > 0) {
    await appOf(parts);
  }
  for (const check of checks) await check?.();
  for (const app of apps.splice(0)) await app.close();
}

const isNamed = (path) => !/^\d+\.js$/.test(basename(path));
const groups = [];
for (const file of process.argv.slice(2)) {
  const [, path, line] = /^(.*):(\d+)$/.exec(file);
  const last = groups.at(-1);
  if (last !== undefined && isNamed(path) && isNamed(last.paths[0])) {
    last.paths.push(path);
  } else groups.push({ line, paths: [path] });
}
let failed = 0;
for (const { line, paths } of groups) {
  try {
    await Promise.race([
      runBlock(paths),
      wait(BOOT_TIMEOUT_MS).then(() => assert.fail('took too long')),
    ]);
  } catch (error) {
    failed++;
    console.error(`${dirname(paths[0])}:${line} ${error?.stack ?? error}\n`);
  }
}
process.chdir('/');
rmSync(directory, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);
