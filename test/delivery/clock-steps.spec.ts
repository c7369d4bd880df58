import { expect, test } from 'vitest';
import { numbered, startOdpApp } from '../support/odp-app.js';

const HOUR = 3_600_000;

test('a batch that waits goes in time although the wall clock stepped back', async () => {
  const { odp, clock, until, arrived } = await startOdpApp();
  await odp.sendOdpEvent(numbered(1));
  clock.step(-HOUR);
  await clock.advance(1000);
  await until('delivered');
  expect(arrived()).toHaveLength(1);
});

test('a flush waits for what was accepted before the wall clock stepped back', async () => {
  const { odp, clock, arrived } = await startOdpApp();
  await odp.sendOdpEvent(numbered(1));
  clock.step(-50);
  expect(await odp.flush()).toEqual({ pending: 0 });
  expect(arrived()).toHaveLength(1);
});

test('close keeps shutdownTimeout although the wall clock stepped back', async () => {
  const { odp, sandbox, clock, close, until } = await startOdpApp({
    delivery: { shutdownTimeout: 1000 },
  });
  sandbox.fail({ status: 503 });
  await odp.sendOdpEvent(numbered(1));
  const closing = close();
  await until('retrying');
  clock.step(-HOUR);
  await clock.advance(1500);
  await closing;
});
