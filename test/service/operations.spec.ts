import { Redis } from 'ioredis';
import { type OdpOutbox, memoryOutbox } from 'nestjs-optimizely-odp';
import { Pool } from 'pg';
import {
  describe,
  expect,
  onTestFinished,
  test,
  type TestContext,
} from 'vitest';
import type { OutboxConfig } from '../chaos/support/config.js';
import { durable, withStore } from '../durability/short.js';
import { fileOutbox } from '../../src/outbox/file/index.js';
import { postgresOutbox } from '../../src/outbox/postgres/index.js';
import { redisOutbox } from '../../src/outbox/redis/index.js';
import { numbered, type OdpTestApp, startOdpApp } from '../support/odp-app.js';

function outboxOf(config: OutboxConfig): OdpOutbox {
  if (config.kind === 'file') return fileOutbox({ path: config.path });
  if (config.kind === 'redis') {
    const client = new Redis(config.url);
    onTestFinished(() => client.disconnect());
    return redisOutbox({ client, key: config.key });
  }
  if (config.kind === 'postgres') {
    const pool = new Pool({ connectionString: config.url });
    onTestFinished(() => pool.end());
    return postgresOutbox({ pool, table: config.table });
  }
  return memoryOutbox();
}

type Run = (app: OdpTestApp) => Promise<void>;

const events = (count: number) =>
  Array.from({ length: count }, (_, n) => numbered(n + 1));

/** Numbers of dead letters, oldest first. */
const kept = async ({ odp }: OdpTestApp) =>
  (await odp.deadLetters.list()).map(({ event }) => event?.identifiers?.['n']);

/** ODP refuses so many events, which become dead letters in their order. */
async function giveUp({ odp, sandbox, until }: OdpTestApp, count: number) {
  const { clear } = sandbox.fail({ invalid: {} });
  await odp.sendOdpEvents(events(count));
  await odp.flush();
  await until('rejected', count);
  clear();
}

describe.each(['memory', ...durable] as const)('%s', (kind) => {
  const withApp = async (context: TestContext, run: Run) => {
    const runWith = async (outbox: OdpOutbox) => {
      const app = await startOdpApp({ outbox });
      await run(app);
      await app.close();
      return true;
    };
    if (kind === 'memory') return runWith(memoryOutbox());
    return withStore(context, kind, async ({ config }) => {
      return runWith(outboxOf(config));
    });
  };

  test('dead letters are listed page by page', (context) =>
    withApp(context, async (app) => {
      await giveUp(app, 5);
      expect(app.odp.stats().deadLetters).toBe(5);
      const { deadLetters } = app.odp;
      const first = await deadLetters.list({ limit: 3 });
      const after = first.at(-1)?.cursor;
      const rest = await deadLetters.list({ limit: 3, after });
      expect(
        [...first, ...rest].map(({ event }) => event?.identifiers?.['n']),
      ).toEqual(['1', '2', '3', '4', '5']);
      expect(rest).toHaveLength(2);
    }));

  test('dead letters are queued again at a rate, oldest first', (context) =>
    withApp(context, async (app) => {
      const { odp, clock, arrived } = app;
      await giveUp(app, 5);
      const queued = odp.deadLetters.requeue({}, { perSecond: 2 });
      const left = (count: number) =>
        expect.poll(() => kept(app)).toHaveLength(count);
      await left(4);
      await clock.advance(499);
      await left(4);
      await clock.advance(1);
      await left(3);
      for (let portion = 0; portion < 3; portion++) {
        await clock.advance(500);
        await left(2 - portion);
      }
      expect(await queued).toBe(5);
      // A flush covers what this process sent: elsewhere another may have these.
      await expect
        .poll(async () => {
          await clock.advance(1000);
          return arrived().toSorted();
        })
        .toEqual(['1', '2', '3', '4', '5']);
    }));

  test('a customer is erased from what waits and from the dead letters', (context) =>
    withApp(context, async (app) => {
      const { odp, arrived } = app;
      await giveUp(app, 2);
      await odp.sendOdpEvents([
        ...events(3),
        { action: 'tested', identifiers: { n: '2', email: 'ada@example.com' } },
      ]);
      expect(await odp.outbox.erase({ n: '2', vuid: 'nobody' })).toEqual({
        pending: 2,
        deadLetters: 1,
      });
      expect(await odp.outbox.erase({ n: '2' })).toEqual({
        pending: 0,
        deadLetters: 0,
      });
      expect(await kept(app)).toEqual(['1']);
      expect(await odp.flush()).toEqual({ pending: 0 });
      expect(arrived().toSorted()).toEqual(['1', '3']);
    }));
});

test('whoever awaits an event that is erased learns at once', async () => {
  const { odp, sandbox, until, clock } = await startOdpApp();
  sandbox.fail({ status: 503 });
  const awaitDelivery = true;
  const sent = odp.sendOdpEvent(numbered(1), { awaitDelivery });
  const other = odp.sendOdpEvent(numbered(2), { awaitDelivery });
  await until('retrying');
  const refused = expect(sent).rejects.toMatchObject({ code: 'erased' });
  expect(await odp.outbox.erase({ n: '1' })).toMatchObject({ pending: 1 });
  await refused;
  sandbox.clearFaults();
  void odp.flush();
  await clock.advance(1000);
  expect((await other).id).toEqual(expect.any(String));
});

test('a flush does not wait for what is erased', async () => {
  const { odp, sandbox, until } = await startOdpApp();
  sandbox.fail({ status: 503 });
  await odp.sendOdpEvent(numbered(1));
  const flushed = odp.flush();
  await until('retrying');
  expect(await odp.outbox.erase({ n: '1' })).toMatchObject({ pending: 1 });
  expect(await flushed).toEqual({ pending: 0 });
});

test.each<[string, (odp: OdpTestApp['odp']) => Promise<unknown>]>([
  ['identifiers', (odp) => odp.outbox.erase({})],
  ['identifiers', (odp) => odp.outbox.erase({ email: ' ' })],
  ['identifiers.email', (odp) => odp.outbox.erase({ email: 5 as never })],
  ['filter.limit', (odp) => odp.deadLetters.list({ limit: 0 })],
  ['filter.id', (odp) => odp.deadLetters.list({ id: 'a' } as never)],
  ['filter.ids', (odp) => odp.deadLetters.requeue({ ids: 'a' as never })],
  ['filter.reason', (odp) => odp.deadLetters.purge({ reason: 'x' as never })],
  ['filter.before', (odp) => odp.deadLetters.purge({ before: Number.NaN })],
  ['options.perSecond', (odp) => odp.deadLetters.requeue({}, { perSecond: 0 })],
])('refuses what names nothing: %s', async (path, call) => {
  const { odp } = await startOdpApp();
  await expect(call(odp)).rejects.toMatchObject({
    code: 'invalidEvent',
    violations: [{ path }],
  });
});

test('what is given up again meanwhile is not queued for ever', async () => {
  const app = await startOdpApp({ delivery: { flushInterval: 0 } });
  await giveUp(app, 2);
  app.sandbox.fail({ invalid: {} });
  const queued = app.odp.deadLetters.requeue({}, { perSecond: 1 });
  await app.until('rejected', 3);
  await app.clock.advance(1000);
  expect(await queued).toBe(2);
  await app.until('rejected', 4);
  expect(app.odp.stats()).toMatchObject({ deadLetters: 2, pending: 0 });
});

test('an app that ends ends the queueing', async () => {
  const app = await startOdpApp();
  await giveUp(app, 2);
  const queued = app.odp.deadLetters.requeue({}, { perSecond: 1 });
  const failed = expect(queued).rejects.toMatchObject({ code: 'outboxFailed' });
  await expect.poll(() => kept(app)).toHaveLength(1);
  await app.close();
  await failed;
});

test('where nothing is sent, nothing is said to be erased', async () => {
  const { odp } = await startOdpApp({ enabled: false });
  await expect(odp.outbox.erase({ n: '1' })).rejects.toMatchObject({
    code: 'outboxFailed',
  });
});

test('a dead letter that cannot be read hides no other', async () => {
  const outbox = memoryOutbox();
  const app = await startOdpApp({ outbox });
  app.odp.pause();
  await outbox.append([
    { id: 'broken', payload: '{"identifiers":{"n":"0"', createdAt: 1 },
    { id: 'whole', payload: JSON.stringify(numbered(1)), createdAt: 1 },
  ]);
  const claimed = await outbox.claim({ limit: 2, lease: 60_000 });
  await outbox.deadLetter(claimed, { reason: 'rejected', message: 'no' });
  const letters = await app.odp.deadLetters.list();
  expect(letters.map(({ id, event }) => [id, event])).toEqual([
    ['broken', undefined],
    ['whole', numbered(1)],
  ]);
});
