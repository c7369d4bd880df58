import { OdpRejectedError } from 'nestjs-optimizely-odp';
import { expect, test } from 'vitest';
import { numbered, type OdpTestApp, startOdpApp } from '../support/odp-app.js';

const events = (count: number) =>
  Array.from({ length: count }, (_, n) => numbered(n));

/** Lets time pass until a condition holds. */
async function eventually(
  { clock }: OdpTestApp,
  condition: () => boolean,
  step = 200,
) {
  await expect
    .poll(
      async () => {
        if (!condition()) await clock.advance(step);
        return condition();
      },
      { interval: 1, timeout: 60_000 },
    )
    .toBe(true);
}

test('a suspended account is probed with one event, each time another', async () => {
  const app = await startOdpApp();
  const { odp, sandbox, clock, until, arrived } = app;
  const probed = new Set<string>();
  const { clear } = sandbox.fail({
    status: 403,
    match: (event) => {
      probed.add(event.identifiers.n ?? '');
      return true;
    },
  });
  await odp.sendOdpEvents(events(3));
  void odp.flush({ timeout: 0 });
  await until('suspended');
  probed.clear();
  for (const wait of [200, 400, 800]) {
    const before = sandbox.requests().length;
    await clock.advance(wait);
    await expect.poll(() => sandbox.requests().length).toBe(before + 1);
    await expect.poll(() => odp.stats().inFlight).toBe(0);
  }
  expect(sandbox.requests().map(({ batchSize }) => batchSize)).toEqual([
    3, 1, 1, 1,
  ]);
  expect([...probed].toSorted()).toEqual(['0', '1', '2']);
  clear();
  await clock.advance(1600);
  // Once it is fixed nothing is held back.
  await until('delivered', 3);
  expect(arrived().toSorted()).toEqual(['0', '1', '2']);
});

test.each([500, 403, 404, 302])(
  'an event that gets a %i whenever it is sent costs no other, not even time',
  async (status) => {
    const app = await startOdpApp();
    const { odp, sandbox, clock, arrived } = app;
    sandbox.fail({ status, match: (event) => event.identifiers.n === '77' });
    await odp.sendOdpEvents(events(100));
    const before = clock.monotonic();
    await eventually(app, () => odp.stats().delivered === 99);
    expect(clock.monotonic() - before).toBeLessThan(10_000);
    expect(arrived()).not.toContain('77');
    expect(odp.stats()).toMatchObject({ expired: 0, suspended: false });
  },
);

test('an event that keeps getting a 5xx is tried until it is too old', async () => {
  const app = await startOdpApp({ delivery: { maxEventAge: '1m' } });
  const { odp, sandbox } = app;
  sandbox.fail({ status: 500, match: (event) => event.identifiers.n === '0' });
  await odp.sendOdpEvents(events(4));
  await eventually(app, () => odp.stats().delivered === 3);
  await eventually(app, () => odp.stats().expired === 1, 1000);
  expect(odp.stats()).toMatchObject({ pending: 0, rejected: 0 });
});

test('an event that is always refused with 403 while others get through is rejected', async () => {
  const app = await startOdpApp();
  const { odp, sandbox, until } = app;
  sandbox.fail({ status: 403, match: (event) => event.identifiers.n === '0' });
  await odp.sendOdpEvents(events(8));
  await eventually(app, () => odp.stats().delivered === 7);
  let n = 100;
  await eventually(
    app,
    () => {
      odp.trackOdpEvent(numbered(n++));
      return odp.stats().rejected === 1;
    },
    5000,
  );
  expect(await until('rejected')).toMatchObject([{ status: 403 }]);
  expect(odp.stats()).toMatchObject({ expired: 0, suspended: false });
});

test('a proxy that answers 400 to everything costs no event, and few requests', async () => {
  const app = await startOdpApp({
    delivery: { batchSize: 100, maxConcurrentRequests: 4 },
  });
  const { odp, sandbox, clock, until } = app;
  const { clear } = sandbox.fail({ status: 400, body: '<html>no</html>' });
  await odp.sendOdpEvents(events(1000));
  await until('suspended');
  for (let minute = 0; minute < 5; minute++) await clock.advance(60_000);
  expect(odp.stats()).toMatchObject({
    rejected: 0,
    pending: 1000,
    suspended: true,
  });
  expect(sandbox.requests().length).toBeLessThan(100);
  clear();
  await eventually(app, () => odp.stats().delivered === 1000, 1000);
});

test.each([400, 403, 413])(
  'a proxy that answers HTML with %i to half of the requests costs no event',
  async (status) => {
    const app = await startOdpApp({ delivery: { batchSize: 10 } });
    const { odp, sandbox } = app;
    sandbox.fail({ status, html: true, share: 0.5 });
    await odp.sendOdpEvents(events(300));
    await eventually(app, () => odp.stats().delivered === 300, 1000);
    expect(odp.stats()).toMatchObject({ rejected: 0, expired: 0 });
  },
);

test.each([400, 403])(
  'a firewall that answers HTML with %i to half of the payloads costs no other event, and those are given up after few requests',
  async (status) => {
    const app = await startOdpApp();
    const { odp, sandbox, arrived } = app;
    sandbox.fail({
      status,
      html: true,
      match: ({ identifiers: { n = '' } }) => Number(n) % 2 === 1,
    });
    await odp.sendOdpEvents(events(40));
    await eventually(app, () => odp.stats().delivered === 20, 1000);
    // Others have to get through, too.
    let n = 100;
    await eventually(
      app,
      () => {
        odp.trackOdpEvent(numbered((n += 2)));
        return odp.stats().rejected === 20;
      },
      5000,
    );
    expect(arrived().filter((one) => Number(one) % 2 === 1)).toEqual([]);
    expect(odp.stats()).toMatchObject({ expired: 0, suspended: false });
    expect(odp.stats().requests - odp.stats().delivered).toBeLessThan(20 * 40);
  },
);

test('hundreds of events that a firewall always refuses hold up none behind them, nor the end of a suspension', async () => {
  const app = await startOdpApp();
  const { odp, sandbox } = app;
  const blocked = sandbox.fail({
    status: 403,
    match: (event) => event.identifiers.n?.startsWith('blocked') === true,
  });
  await odp.sendOdpEvents(
    Array.from({ length: 150 }, (_, n) => numbered(`blocked ${n}`)),
  );
  await odp.sendOdpEvents(events(30));
  await eventually(app, () => odp.stats().delivered === 30, 1000);
  await odp.sendOdpEvents(events(3));
  await eventually(app, () => odp.stats().delivered === 33, 5000);
  const { clear } = sandbox.fail({ status: 401 });
  await odp.sendOdpEvents(events(3));
  await eventually(app, () => odp.stats().suspended, 1000);
  await app.clock.advance(60_000);
  clear();
  await eventually(app, () => odp.stats().delivered === 36, 5000);
  blocked.clear();
  await eventually(app, () => odp.stats().pending === 0, 5000);
  expect(odp.stats()).toMatchObject({ delivered: 186, rejected: 0 });
});

test('a proxy that names an event as invalid in every answer costs a dozen, and says so', async () => {
  const app = await startOdpApp({
    delivery: { batchSize: 10, maxConcurrentRequests: 4 },
  });
  const { odp, sandbox, clock, until, log } = app;
  const { clear } = sandbox.fail({
    status: 400,
    body: '{"detail":{"invalids":[{"event":0}]}}',
  });
  await odp.sendOdpEvents(events(100));
  await until('suspended');
  for (let minute = 0; minute < 10; minute++) await clock.advance(60_000);
  expect(odp.stats()).toMatchObject({
    rejected: 12,
    pending: 88,
    suspended: true,
  });
  expect(sandbox.requests().length).toBeLessThan(50);
  expect(log.map(({ message }) => message)).toContainEqual(
    expect.stringContaining('it may not be ODP that answers'),
  );
  clear();
  await eventually(app, () => odp.stats().delivered === 88, 1000);
  expect(await odp.deadLetters.requeue()).toBe(12);
  await eventually(app, () => odp.stats().delivered === 100, 1000);
});

test('a backlog that is invalid from end to end is given up, and holds up no good event', async () => {
  const app = await startOdpApp({ delivery: { batchSize: 2 } });
  const { odp, sandbox } = app;
  sandbox.fail({ invalid: (event) => event.identifiers.n !== 'good' });
  await odp.sendOdpEvents(events(100));
  await odp.sendOdpEvent(numbered('good'));
  // The good event may arrive while the last refusal is still under way.
  const ended = () => odp.stats().delivered + odp.stats().rejected;
  await eventually(app, () => ended() === 101, 1000);
  expect(odp.stats()).toMatchObject({ delivered: 1, suspended: false });
});

test('an event that alone is refused waits for evidence: something else that gets through', async () => {
  const app = await startOdpApp();
  const { odp, sandbox, until } = app;
  sandbox.fail({
    status: 422,
    match: (event) => event.identifiers.n === 'bad',
  });
  const sent = odp.sendOdpEvent(numbered('bad'), { awaitDelivery: true });
  const refused = expect(sent).rejects.toBeInstanceOf(OdpRejectedError);
  await until('suspended');
  expect(odp.stats()).toMatchObject({ rejected: 0, pending: 1 });
  await odp.sendOdpEvent(numbered('good'));
  await eventually(app, () => odp.stats().rejected === 1);
  await refused;
  expect(odp.stats()).toMatchObject({ delivered: 1, suspended: false });
  expect(await odp.deadLetters.list()).toMatchObject([
    { reason: 'rejected', status: 422, event: { action: 'tested' } },
  ]);
});

test('an event whose answer always asks for a pause costs the others no more than the first', async () => {
  const app = await startOdpApp();
  const { odp, sandbox, clock } = app;
  sandbox.fail({
    status: 503,
    retryAfter: 60,
    match: (event) => event.identifiers.n === '7',
  });
  await odp.sendOdpEvents(events(100));
  await eventually(app, () => odp.stats().delivered === 99, 1000);
  expect(clock.monotonic()).toBeLessThan(3 * 60_000);
});
