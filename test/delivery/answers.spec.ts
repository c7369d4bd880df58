import { expect, test } from 'vitest';
import { OdpExpiredError, OdpTimeoutError } from 'nestjs-optimizely-odp';
import { numbered, startOdpApp } from '../support/odp-app.js';

const events = (count: number) =>
  Array.from({ length: count }, (_, n) => numbered(n));
const ids = (count: number) =>
  events(count).map((event) => event.identifiers.n);
const sorted = (list: readonly string[]) =>
  list.toSorted((a, b) => Number(a) - Number(b));

test('a 2xx acknowledges the batch', async () => {
  const { odp, sandbox, arrived } = await startOdpApp();
  await odp.sendOdpEvents(events(3));
  expect(await odp.flush()).toEqual({ pending: 0 });
  expect(arrived()).toEqual(['0', '1', '2']);
  expect(sandbox.requests()).toHaveLength(1);
  expect(odp.stats()).toMatchObject({
    accepted: 3,
    delivered: 3,
    pending: 0,
    requests: 1,
    retries: 0,
  });
});

test('a 400 that names events rejects those and sends the others again', async () => {
  const { odp, sandbox, arrived, until } = await startOdpApp();
  sandbox.fail({
    invalid: (event) => event.identifiers.n === '1',
    message: 'no n like 1',
  });
  await odp.sendOdpEvents(events(4));
  await odp.flush();
  expect(arrived()).toEqual(['0', '2', '3']);
  expect(await until('rejected')).toMatchObject([
    { status: 400, reason: 'no n like [identifier]' },
  ]);
  expect(odp.stats()).toMatchObject({ delivered: 3, rejected: 1, pending: 0 });
  expect(sandbox.requests().map(({ status }) => status)).toEqual([400, 202]);
});

test.each([400, 413, 415, 422])(
  'a %i that names no event halves the batch until the bad one stands alone',
  async (status) => {
    const { odp, sandbox, arrived } = await startOdpApp();
    // The first request, the half with the bad one, and so on; the rest gets through.
    sandbox.fail({ status, times: 1, body: '{"detail":{"message":"no"}}' });
    await odp.sendOdpEvents(events(5));
    await odp.flush();
    expect(sorted(arrived())).toEqual(ids(5));
    expect(sandbox.requests().map(({ batchSize }) => batchSize)).toEqual([
      5, 3, 2,
    ]);
    expect(odp.stats()).toMatchObject({ delivered: 5, rejected: 0 });
  },
);

test.each([
  { status: 401 },
  { status: 403 },
  { status: 404 },
  { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
  { status: 405 },
])('a $status suspends delivery and gives nothing up', async (fault) => {
  const { odp, sandbox, clock, until, arrived, log } = await startOdpApp({
    delivery: { batchSize: 1 },
  });
  const { clear } = sandbox.fail(fault);
  await odp.sendOdpEvent(numbered(0));
  expect(await until('suspended')).toMatchObject([{ status: fault.status }]);
  await odp.sendOdpEvents([numbered(1), numbered(2)]);
  expect(odp.stats()).toMatchObject({ suspended: true, pending: 3 });
  expect(sandbox.requests()).toHaveLength(1);

  // One probe at a time, at growing intervals, however many events wait.
  for (const wait of [200, 400, 800, 1600]) {
    const before = sandbox.requests().length;
    await clock.advance(wait - 1);
    expect(sandbox.requests()).toHaveLength(before);
    await clock.advance(1);
    await expect.poll(() => sandbox.requests().length).toBe(before + 1);
    await expect.poll(() => odp.stats().inFlight).toBe(0);
  }

  clear();
  await clock.advance(3200);
  await until('resumed');
  await until('delivered', 3);
  expect(sorted(arrived())).toEqual(['0', '1', '2']);
  expect(odp.stats()).toMatchObject({ suspended: false, rejected: 0 });
  expect(
    log.filter(({ message }) => message.includes('suspended')),
  ).toHaveLength(1);
});

test.each([{ status: 200 }, { status: 202 }])(
  'a login page with $status delivers nothing, and everything once ODP answers again',
  async ({ status }) => {
    const { odp, sandbox, clock, until, arrived, deliveryEvents } =
      await startOdpApp();
    const { clear } = sandbox.fail({ status, html: true });
    let resolved = false;
    const sent = odp
      .sendOdpEvent(numbered(0), { awaitDelivery: true })
      .then(() => (resolved = true));
    await odp.sendOdpEvents([numbered(1), numbered(2)]);
    expect(await until('suspended')).toMatchObject([{ status }]);
    await clock.advance(200);
    await expect.poll(() => sandbox.requests().length).toBe(2);
    await expect.poll(() => odp.stats().inFlight).toBe(0);
    expect(odp.stats()).toMatchObject({
      suspended: true,
      delivered: 0,
      rejected: 0,
      pending: 3,
    });
    expect(deliveryEvents.map(({ type }) => type)).not.toContain('delivered');
    expect(resolved).toBe(false);
    expect(arrived()).toEqual([]);

    clear();
    await clock.advance(400);
    await until('resumed');
    await sent;
    await until('delivered', 3);
    expect(sorted(arrived())).toEqual(['0', '1', '2']);
    expect(odp.stats()).toMatchObject({ suspended: false, rejected: 0 });
  },
);

test.each([408, 425, 429, 500, 502, 503, 504])(
  'a %i is tried again with growing delays',
  async (status) => {
    const { odp, sandbox, clock, until, arrived } = await startOdpApp();
    sandbox.fail({ status, times: 3 });
    const { id } = await odp.sendOdpEvent(numbered(1));
    void odp.flush();
    expect(await until('retrying', 1)).toMatchObject([
      { status, delay: 200, ids: [id] },
    ]);
    await clock.advance(201);
    expect((await until('retrying', 2))[1]).toMatchObject({ delay: 400 });
    await clock.advance(401);
    expect((await until('retrying', 3))[2]).toMatchObject({ delay: 800 });
    await clock.advance(801);
    expect(await until('delivered')).toMatchObject([{ id, failedAttempts: 3 }]);
    expect(arrived()).toEqual(['1']);
    expect(odp.stats()).toMatchObject({
      retries: 3,
      requests: 4,
      delivered: 1,
    });
  },
);

test('a broken connection and a missing answer are tried again with the same idempotence_id', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp();
  sandbox.fail({ reset: 'after', times: 1 });
  const { id } = await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  expect(await until('retrying', 1)).toMatchObject([{ status: undefined }]);
  sandbox.fail({ hang: true, times: 1 });
  await clock.advance(201);
  await expect.poll(() => sandbox.requests().length).toBe(2);
  await clock.advance(10_000);
  expect((await until('retrying', 2))[1]).toMatchObject({
    reason: 'no answer within 10000 ms',
  });
  await clock.advance(401);
  await until('delivered');
  expect(
    sandbox
      .events()
      .map(({ event, duplicate }) => [event.data.idempotence_id, duplicate]),
  ).toEqual([
    [id, false],
    [id, true],
  ]);
});

test.each([
  { status: 429, retryAfter: 7 },
  { status: 503, retryAfter: 7 },
])('Retry-After of a $status is waited for', async (fault) => {
  const { odp, sandbox, clock, until } = await startOdpApp();
  sandbox.fail({ ...fault, times: 1 });
  await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  expect(await until('retrying')).toMatchObject([{ delay: 7000 }]);
  await clock.advance(6_999);
  expect(sandbox.requests()).toHaveLength(1);
  await clock.advance(2);
  await until('delivered');
});

test('Retry-After of any other status is not', async () => {
  const { odp, sandbox, until } = await startOdpApp();
  sandbox.fail({ status: 500, retryAfter: 7, times: 1 });
  await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  expect(await until('retrying')).toMatchObject([{ delay: 200 }]);
});

test('a pause that ODP asked for is not cut short by another request that gets through', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp({
    delivery: { batchSize: 1, maxConcurrentRequests: 2 },
  });
  sandbox.fail({ latency: 1, times: 1 });
  sandbox.fail({ status: 429, retryAfter: 60, times: 1 });
  await odp.sendOdpEvent(numbered(1));
  await until('retrying');
  await odp.sendOdpEvent(numbered(2));
  await clock.advance(59_000);
  expect(sandbox.requests()).toHaveLength(1);
  await clock.advance(1_001);
  await until('delivered', 2);
});

test('while ODP is down, requests back off together and one at a time finds out', async () => {
  const { odp, sandbox, clock, until, arrived, log } = await startOdpApp({
    delivery: { batchSize: 1, maxConcurrentRequests: 4 },
  });
  const { clear } = sandbox.fail({ status: 503 });
  await odp.sendOdpEvents(events(20));
  await until('retrying', 4);
  expect(sandbox.requests()).toHaveLength(4);
  await clock.advance(200);
  await until('retrying', 5);
  await clock.advance(400);
  await until('retrying', 6);
  expect(sandbox.requests()).toHaveLength(6);
  clear();
  await clock.advance(800);
  await clock.advance(2000);
  await until('delivered', 20);
  expect(sorted(arrived())).toEqual(ids(20));
  expect(log.map(({ message }) => message.split(/[;(]/)[0])).toEqual([
    expect.stringContaining('Events go to'),
    'A request to ODP failed ',
    'ODP answers again',
  ]);
});

test('an event that fails by itself does not hold up the others', async () => {
  const { odp, sandbox, clock, until, arrived } = await startOdpApp({
    delivery: { batchSize: 1, maxConcurrentRequests: 1 },
  });
  sandbox.fail({
    status: 500,
    match: (event) => event.identifiers.n === 'poison',
  });
  await odp.sendOdpEvent(numbered('poison'));
  await until('retrying');
  await odp.sendOdpEvents(events(3));
  // It is probed again, then another.
  await clock.advance(200);
  await until('retrying', 2);
  await clock.advance(400);
  await until('delivered', 3);
  expect(sorted(arrived())).toEqual(['0', '1', '2']);
});

test('an event that grows too old is given up, whatever state delivery is in', async () => {
  for (const fault of [
    { status: 503 },
    { status: 403 },
    { status: 503, retryAfter: 300 },
  ]) {
    const { odp, sandbox, clock, until, log } = await startOdpApp({
      delivery: { maxEventAge: '2s' },
    });
    sandbox.fail(fault);
    const sent = odp.sendOdpEvent(numbered(1), { awaitDelivery: true });
    const refused = expect(sent).rejects.toBeInstanceOf(OdpExpiredError);
    void odp.flush();
    await until(fault.status === 403 ? 'suspended' : 'retrying');
    for (let second = 0; second < 4; second++) await clock.advance(1000);
    await until('expired');
    await refused;
    expect(odp.stats()).toMatchObject({ expired: 1, pending: 0 });
    expect(await odp.deadLetters.list()).toMatchObject([{ reason: 'expired' }]);
    expect(log).toContainEqual({
      level: 'error',
      message: expect.stringContaining('given up') as string,
    });
  }
});

test('while nothing can be sent, all that is too old is given up, however many batches that is', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp({
    delivery: { batchSize: 2, maxEventAge: '2s' },
  });
  sandbox.fail({ status: 503, retryAfter: 300 });
  await odp.sendOdpEvents([1, 2, 3, 4, 5].map(numbered));
  await until('retrying');
  await clock.advance(2000);
  await until('expired', 5);
  expect(odp.stats()).toMatchObject({ expired: 5, pending: 0 });
});

test('awaitDelivery with a timeout gives up waiting, not the event', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp();
  sandbox.fail({ status: 503, times: 1 });
  const sent = odp.sendOdpEvent(numbered(1), {
    awaitDelivery: true,
    timeout: '100ms',
  });
  const refused = expect(sent).rejects.toBeInstanceOf(OdpTimeoutError);
  void odp.flush();
  await until('retrying');
  await clock.advance(100);
  await refused;
  await clock.advance(101);
  await until('delivered');
});

test('an event that is sent after others were given up, while ODP is still down, goes as well', async () => {
  const { odp, sandbox, clock, until } = await startOdpApp({
    delivery: { maxEventAge: 300, flushInterval: 100 },
  });
  sandbox.fail({ status: 503, retryAfter: 2, times: 1 });
  await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  await until('retrying');
  await clock.advance(301);
  await until('expired');
  await clock.advance(1500);
  await odp.sendOdpEvent(numbered(2));
  await clock.advance(1000);
  await until('delivered');
});
