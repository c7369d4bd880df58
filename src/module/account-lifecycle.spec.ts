import {
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { expect, test } from 'vitest';
import { modulesOf } from '../service/index.js';
import {
  type AccountLifecycle,
  hookIn,
  type ShutdownBegin,
} from './account-lifecycle.js';

const begin = { onModuleDestroy: async () => {} } as ShutdownBegin;

/** It leans on what Nest does not document. */
test('its hooks run after those of every module, on this version of Nest', async () => {
  const ended: string[] = [];
  const ends = (name: string): OnApplicationShutdown => ({
    onApplicationShutdown: () => void ended.push(name),
  });
  @Module({ providers: [{ provide: 'A', useValue: ends('a module') }] })
  class AModule {}
  const app = await Test.createTestingModule({
    imports: [
      AModule,
      {
        module: class GlobalModule {},
        global: true,
        providers: [{ provide: 'G', useValue: ends('a global module') }],
      },
    ],
  }).compile();
  const modules = modulesOf(app.get(ModuleRef));
  expect(hookIn(modules, begin, ends('ours') as AccountLifecycle)).toBe(true);
  await app.init();
  await app.close();
  expect(ended.at(-1)).toBe('ours');
  expect(ended).toHaveLength(3);
});

test('its first hook runs before those of every module, on this version of Nest', async () => {
  const ended: string[] = [];
  const ends = (name: string): OnModuleDestroy => ({
    onModuleDestroy: () => void ended.push(name),
  });
  @Injectable()
  class Pool implements OnModuleDestroy {
    constructor(@Inject('A') readonly other: unknown) {}

    onModuleDestroy() {
      ended.push('the root module');
    }
  }
  @Module({
    providers: [{ provide: 'A', useValue: ends('a module') }],
    exports: ['A'],
  })
  class AModule {}
  const app = await Test.createTestingModule({
    imports: [AModule],
    providers: [Pool],
  }).compile();
  const modules = modulesOf(app.get(ModuleRef));
  hookIn(modules, ends('ours') as ShutdownBegin, lifecycle);
  await app.init();
  await app.close();
  expect(ended).toEqual(['ours', 'the root module', 'a module']);
});

const lifecycle = {} as AccountLifecycle;
class InternalCoreModule {}
const other = (core: object) =>
  new Map([['core', core]]) as unknown as ModulesContainer;

test.each([
  ['has no such module', other({ metatype: class Core {} })],
  ['adds no providers so', other({ metatype: InternalCoreModule })],
  [
    'keeps them elsewhere',
    other({
      metatype: InternalCoreModule,
      addProvider: () => {},
      providers: new Map(),
    }),
  ],
])('where Nest %s, it is told', (_, modules) => {
  expect(hookIn(modules, begin, lifecycle)).toBe(false);
});

test('the modules are found where Nest keeps its container elsewhere', async () => {
  const app = await Test.createTestingModule({}).compile();
  const modules = app.get(ModulesContainer);
  expect(modulesOf(app.get(ModuleRef))).toBe(modules);
  const changed = {
    get: (token: unknown) => (token === ModulesContainer ? modules : undefined),
  } as ModuleRef;
  expect(modulesOf(changed)).toBe(modules);
});
