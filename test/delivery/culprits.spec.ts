import { OdpRejectedError } from 'nestjs-optimizely-odp';
import { expect, test } from 'vitest';
import { numbered, type OdpTestApp, startOdpApp } from '../support/odp-app.js';

const events = (count: number) =>
  Array.from({ length: count }, (_, n) => numbered(n));
const sizes = ({ sandbox }: OdpTestApp) =>
  sandbox.requests().map(({ batchSize }) => batchSize);

/** Lets time pass until so many have been delivered. */
async function delivered({ odp, clock }: OdpTestApp, count: number) {
  await expect
    .poll(
      async () => {
        await clock.advance(1000);
        return odp.stats().delivered;
      },
      { interval: 1, timeout: 60_000 },
    )
    .toBe(count);
}

test('a suspended account is probed with one event, each time another', async () => {
  const app = await startOdpApp();
  const { odp, sandbox, clock, until, arrived } = app;
  const { clear } = sandbox.fail({ status: 403 });
  await odp.sendOdpEvents(events(3));
  void odp.flush({ timeout: 0 });
  await until('suspended');
  for (const requests of [2, 3]) {
    await clock.advance(30_000);
    await expect.poll(() => sandbox.requests().length).toBe(requests);
    await expect.poll(() => odp.stats().inFlight).toBe(0);
  }
  clear();
  await clock.advance(30_000);
  await until('delivered');
  expect(sizes(app)).toEqual([3, 1, 1, 1]);
  expect(arrived()).toEqual(['2']);
  await delivered(app, 3);
});

test('a batch that keeps failing is halved until the culprit is alone', async () => {
  const app = await startOdpApp();
  const { odp, sandbox, arrived } = app;
  sandbox.fail({ status: 500, match: (event) => event.identifiers.n === '5' });
  await odp.sendOdpEvents(events(16));
  await delivered(app, 15);
  expect(arrived()).not.toContain('5');
  expect(odp.stats()).toMatchObject({ pending: 1, rejected: 0 });
});

test('one event that is always refused with 403 is found, and costs no other', async () => {
  const app = await startOdpApp();
  const { odp, sandbox, clock, until } = app;
  sandbox.fail({ status: 403, match: (event) => event.identifiers.n === '0' });
  await odp.sendOdpEvents(events(8));
  await delivered(app, 7);
  for (let n = 100; odp.stats().rejected === 0; n++) {
    await odp.sendOdpEvent(numbered(n));
    await clock.advance(10_000);
  }
  expect(await until('rejected')).toMatchObject([{ status: 403 }]);
});

test('a proxy that answers 400 to everything costs no event', async () => {
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
  expect(sandbox.requests().length).toBeLessThan(200);
  clear();
  await delivered(app, 1000);
});

test('an event that alone is refused waits for evidence: something else that gets through', async () => {
  const app = await startOdpApp();
  const { odp, sandbox, clock, until } = app;
  sandbox.fail({
    status: 422,
    match: (event) => event.identifiers.n === 'bad',
  });
  const sent = odp.sendOdpEvent(numbered('bad'), { awaitDelivery: true });
  const refused = expect(sent).rejects.toBeInstanceOf(OdpRejectedError);
  void odp.flush({ timeout: 0 });
  await until('suspended');
  expect(odp.stats()).toMatchObject({ rejected: 0, pending: 1 });
  await odp.sendOdpEvent(numbered('good'));
  await clock.advance(30_000);
  await until('resumed');
  await delivered(app, 1);
  await clock.advance(30_000);
  await refused;
  expect(await odp.deadLetters.list()).toMatchObject([
    { reason: 'rejected', status: 422, event: { action: 'tested' } },
  ]);
});
