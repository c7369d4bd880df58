import { expect, test } from 'vitest';
import { numbered, startOdpApp } from '../support/odp-app.js';

test('a logger that throws stops no delivery', async () => {
  const { odp, sandbox, clock, until, arrived, log } = await startOdpApp({
    delivery: { maxConcurrentRequests: 1 },
  });
  log.push = () => {
    throw new Error('the worker has exited');
  };
  sandbox.fail({ status: 503, times: 1 });
  await odp.sendOdpEvent(numbered(1));
  void odp.flush();
  await until('retrying');
  await clock.advance(201);
  await until('delivered');
  expect(arrived()).toEqual(['1']);
  expect(odp.stats()).toMatchObject({ inFlight: 0, pending: 0 });
});
