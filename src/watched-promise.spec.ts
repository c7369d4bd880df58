import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { ConsoleLogger } from '@nestjs/common';
import { expect, test } from 'vitest';
import { watched } from './watched-promise.js';

const FAILURE = new Error('failed');

/** Rejections that were reported as unhandled. */
async function unhandledOf(
  use: (promise: Promise<string>) => unknown,
): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const promise = watched<string>(Promise.reject(FAILURE), (error) =>
    unhandled.push(error),
  );
  void use(promise);
  await setImmediate();
  await setImmediate();
  return unhandled;
}

test.each<[string, (promise: Promise<string>) => unknown]>([
  [
    'await',
    async (promise) => {
      try {
        await promise;
      } catch {}
    },
  ],
  ['then', (promise) => promise.then(undefined, () => {})],
  ['catch', (promise) => promise.catch(() => {})],
  ['finally', (promise) => promise.finally(() => {}).catch(() => {})],
  ['Promise.resolve', (promise) => Promise.resolve(promise).catch(() => {})],
  ['Promise.allSettled', (promise) => Promise.allSettled([promise])],
  [
    'a returned promise',
    async (promise) => (async () => promise)().catch(() => {}),
  ],
])('a rejection handled by %s is not reported', async (_, use) => {
  expect(await unhandledOf(use)).toEqual([]);
});

test('a rejection that nobody handles is reported, and nothing else', async () => {
  const seen: unknown[] = [];
  const see = (reason: unknown) => seen.push(reason);
  process.on('unhandledRejection', see);
  process.on('rejectionHandled', see);
  const logged = (promise: Promise<unknown>) => {
    inspect(promise);
    new ConsoleLogger({ logLevels: [] }).log(promise);
    return promise.constructor.name;
  };
  expect(await unhandledOf(logged)).toEqual([FAILURE]);
  process.off('unhandledRejection', see);
  process.off('rejectionHandled', see);
  expect(seen).toEqual([]);
});

test('it has the outcome of the promise, and is one', async () => {
  const made = watched(Promise.resolve('done'), () => {});
  expect(made).toBeInstanceOf(Promise);
  expect(inspect(watched(new Promise(() => {}), () => {}))).toContain(
    'Promise',
  );
  expect(await made).toBe('done');
});
