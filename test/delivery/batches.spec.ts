import { expect, onTestFinished, test, vi } from 'vitest';
import {
  memoryOutbox,
  OdpOutboxFullError,
  OdpValidationError,
} from 'nestjs-optimizely-odp';
import { numbered, startOdpApp } from '../support/odp-app.js';

const events = (count: number) =>
  Array.from({ length: count }, (_, n) => numbered(n));

test('an event waits for its batch to fill, at most flushInterval', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp({
    delivery: { batchSize: 3, flushInterval: 1000 },
  });
  await odp.sendOdpEvents(events(2));
  await clock.advance(999);
  expect(sandbox.requests()).toHaveLength(0);
  await clock.advance(1);
  await until('delivered', 2);
  await odp.sendOdpEvents(events(3));
  await until('delivered', 5);
  expect(sandbox.requests().map(({ batchSize }) => batchSize)).toEqual([2, 3]);
});

test('what does not fill another batch waits for its own flushInterval', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp({
    delivery: { batchSize: 2, flushInterval: 1000 },
  });
  await odp.sendOdpEvents(events(3));
  await until('delivered', 2);
  await clock.advance(999);
  expect(sandbox.requests()).toHaveLength(1);
  await clock.advance(1);
  await until('delivered', 3);
});

test('flushInterval 0 sends at once', async () => {
  const { odp, until } = await startOdpApp({ delivery: { flushInterval: 0 } });
  await odp.sendOdpEvent(numbered(1));
  await until('delivered');
});

test("an event goes its way if the app's test has stopped all timers", async () => {
  const { odp } = await startOdpApp({ delivery: { flushInterval: 0 } });
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  await odp.sendOdpEvent(numbered(1), { awaitDelivery: true });
  expect(odp.stats()).toMatchObject({ delivered: 1 });
});

test('at most maxConcurrentRequests are under way, and a slow one leaves room for others', async () => {
  const { odp, sandbox, until } = await startOdpApp({
    delivery: { batchSize: 1, maxConcurrentRequests: 2 },
  });
  sandbox.fail({ hang: true, times: 1 });
  await odp.sendOdpEvents(events(10));
  await until('delivered', 9);
  await expect
    .poll(() => odp.stats())
    .toMatchObject({ inFlight: 1, pending: 1, delivered: 9 });
});

test('a full outbox refuses the event, and tells those that nobody waits for', async () => {
  const { odp, until, log } = await startOdpApp({
    outbox: memoryOutbox({ capacity: 2 }),
  });
  await odp.sendOdpEvents(events(2));
  await expect(odp.sendOdpEvent(numbered(2))).rejects.toBeInstanceOf(
    OdpOutboxFullError,
  );
  await expect(odp.sendOdpEvents(events(1))).rejects.toMatchObject({
    code: 'outboxFull',
  });
  odp.trackOdpEvent(numbered(3));
  expect(await until('dropped')).toMatchObject([{ reason: 'outboxFull' }]);
  expect(odp.stats()).toMatchObject({ accepted: 2, dropped: 1 });
  expect(log.at(-1)).toMatchObject({ level: 'warn' });
});

test('drop-oldest gives the oldest up and tells, also whoever awaits it', async () => {
  const { odp, arrived, until } = await startOdpApp({
    outbox: memoryOutbox({ capacity: 2, whenFull: 'drop-oldest' }),
  });
  const first = odp.sendOdpEvent(numbered(0), { awaitDelivery: true });
  const refused = expect(first).rejects.toMatchObject({ code: 'outboxFull' });
  await odp.sendOdpEvents([numbered(1), numbered(2)]);
  await refused;
  expect(await until('dropped')).toHaveLength(1);
  await odp.flush();
  expect(arrived()).toEqual(['1', '2']);
  expect(odp.stats()).toMatchObject({ accepted: 3, dropped: 1, delivered: 2 });
});

test("'wait' resolves when there is room", async () => {
  const { odp, arrived } = await startOdpApp({
    outbox: memoryOutbox({ capacity: 10, whenFull: 'wait' }),
    delivery: { batchSize: 5, flushInterval: 0 },
  });
  const all = Array.from({ length: 1001 }, (_, n) => n);
  await Promise.all(all.map((n) => odp.sendOdpEvent(numbered(n))));
  await expect(odp.sendOdpEvents(events(11))).rejects.toThrow(/never fit/);
  await odp.flush();
  expect(
    arrived()
      .map(Number)
      .toSorted((a, b) => a - b),
  ).toEqual(all);
});

test.each([false, true])(
  "'wait' ends with the timeout, and the event is not accepted (awaitDelivery: %s)",
  async (awaitDelivery) => {
    const { odp, sandbox, clock, arrived } = await startOdpApp({
      outbox: memoryOutbox({ capacity: 1, whenFull: 'wait' }),
    });
    sandbox.fail({ hang: true, times: 1 });
    await odp.sendOdpEvent(numbered(1));
    void odp.flush();
    const options = { awaitDelivery, timeout: 100 };
    const late = odp.sendOdpEvent(numbered(2), options);
    const refused = expect(late).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('was not accepted') as unknown,
    });
    await clock.advance(100);
    await refused;
    expect(odp.stats()).toMatchObject({ accepted: 1, pending: 1 });
    await clock.advance(10_000);
    await clock.advance(1000);
    await odp.flush();
    expect(arrived()).toEqual(['1']);
  },
);

test('an app that ends while events wait for capacity refuses them, which is no failure of the outbox', async () => {
  const { odp, sandbox, clock, close } = await startOdpApp({
    outbox: memoryOutbox({ capacity: 1, whenFull: 'wait' }),
  });
  sandbox.fail({ status: 503 });
  await odp.sendOdpEvent(numbered(1));
  const late = odp.sendOdpEvent(numbered(2));
  const refused = expect(late).rejects.toMatchObject({ code: 'outboxFull' });
  const closing = close();
  await clock.advance(10_000);
  await Promise.all([closing, refused]);
  expect(odp.stats()).toMatchObject({ accepted: 1, outboxFailures: 0 });
});

test('sendOdpEvents accepts all or none and names each violation by its index', async () => {
  const { odp, until } = await startOdpApp();
  const sent = odp.sendOdpEvents([
    numbered(0),
    { action: '', identifiers: { n: '1' } },
    { action: 'a', identifiers: {} },
  ]);
  await expect(sent).rejects.toBeInstanceOf(OdpValidationError);
  await expect(sent).rejects.toMatchObject({
    violations: [{ path: '[1].action' }, { path: '[2].identifiers' }],
  });
  expect(odp.stats()).toMatchObject({ accepted: 0, pending: 0, invalid: 2 });
  await until('invalid', 2);
  await expect(odp.sendOdpEvents([])).resolves.toEqual([]);
  await expect(odp.sendOdpEvents(undefined as never)).rejects.toMatchObject({
    code: 'invalidEvent',
  });
});

test('trackOdpEvent never throws, whatever it is given', async () => {
  const { odp, log } = await startOdpApp();
  const secret = 'ada@example.com';
  const hostile = [
    undefined,
    null,
    42,
    { action: 'a', identifiers: { email: { deep: secret } } },
    {
      action: 'a',
      identifiers: new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error(secret);
          },
        },
      ),
    },
    { action: secret.repeat(100), identifiers: { email: secret } },
  ];
  for (const event of hostile) {
    expect(odp.trackOdpEvent(event as never)).toBeUndefined();
  }
  expect(odp.stats()).toMatchObject({ invalid: hostile.length, accepted: 0 });
  expect(JSON.stringify(log)).not.toContain(secret);
});

test('identify stitches two identifiers and has nothing to do with one', async () => {
  const { odp, sandbox } = await startOdpApp();
  await expect(
    odp.identify({ email: 'a@b.c', vuid: ' ' }),
  ).resolves.toBeUndefined();
  await expect(odp.identify({ email: 5 as never })).rejects.toMatchObject({
    code: 'invalidEvent',
  });
  const { id } = (await odp.identify({ email: 'a@b.c', vuid: 'v' })) ?? {};
  await odp.flush();
  expect(sandbox.events()).toMatchObject([
    {
      event: {
        type: 'fullstack',
        action: 'identified',
        identifiers: { email: 'a@b.c', vuid: 'v' },
        data: { idempotence_id: id },
      },
    },
  ]);
});

test('flush covers what was accepted before, and concurrent calls join', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp();
  sandbox.fail({ status: 503, times: 1 });
  await odp.sendOdpEvent(numbered(1));
  const flushes = [odp.flush(), odp.flush(), odp.flush({ timeout: '10s' })];
  await until('retrying');
  await clock.advance(201);
  expect(await Promise.all(flushes)).toEqual([
    { pending: 0 },
    { pending: 0 },
    { pending: 0 },
  ]);
  expect(sandbox.requests()).toHaveLength(2);
  expect(await odp.flush()).toEqual({ pending: 0 });
});

test('flush ends with its timeout and says what is left', async () => {
  const { odp, sandbox, clock } = await startOdpApp();
  sandbox.fail({ hang: true });
  await odp.sendOdpEvents(events(3));
  const flushed = odp.flush({ timeout: 5000 });
  await clock.advance(5000);
  expect(await flushed).toEqual({ pending: 3 });
});

test('flush does not wait if nothing can be sent before its timeout', async () => {
  const { odp, sandbox, until } = await startOdpApp();
  sandbox.fail({ status: 503, retryAfter: 60 });
  await odp.sendOdpEvents(events(3));
  const flushed = odp.flush();
  await until('retrying');
  expect(await odp.flush({ timeout: '10s' })).toEqual({ pending: 3 });
  void flushed;
});

test('what happens is shown on diagnostics_channel, too', async () => {
  const { channel } = await import('node:diagnostics_channel');
  const seen: unknown[] = [];
  const listener = (message: unknown) => seen.push(message);
  const delivered = channel('optimizely-odp:delivered');
  delivered.subscribe(listener);
  const { odp } = await startOdpApp();
  const { id } = await odp.sendOdpEvent(numbered(1));
  await odp.flush();
  delivered.unsubscribe(listener);
  expect(seen).toEqual([
    { type: 'delivered', account: 'default', id, failedAttempts: 0, age: 0 },
  ]);
});

test('dead letters are listed, queued again and forgotten', async () => {
  const { odp, sandbox, arrived } = await startOdpApp();
  const { clear } = sandbox.fail({ invalid: {}, message: 'no' });
  await odp.sendOdpEvents(events(3));
  await odp.flush();
  clear();
  const letters = await odp.deadLetters.list();
  expect(letters).toMatchObject([
    { reason: 'rejected', message: 'no', status: 400, failedAttempts: 0 },
    {},
    {},
  ]);
  expect(await odp.deadLetters.list({ limit: 1 })).toHaveLength(1);
  expect(await odp.deadLetters.requeue({ ids: [letters[0]?.id ?? ''] })).toBe(
    1,
  );
  await odp.flush();
  expect(arrived()).toEqual(['0']);
  await expect(odp.deadLetters.purge({})).rejects.toMatchObject({
    code: 'invalidEvent',
    violations: [{ path: 'filter' }],
  });
  expect(await odp.deadLetters.purge({ reason: 'expired' })).toBe(0);
  expect(await odp.deadLetters.purge({ all: true })).toBe(2);
  expect(await odp.deadLetters.list()).toEqual([]);
});
