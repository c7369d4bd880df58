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

test('a subscriber that throws stops no delivery, and is told', async () => {
  const { odp, until, arrived, log } = await startOdpApp();
  odp.events$.subscribe(() => {
    throw new RangeError('broken');
  });
  await odp.sendOdpEvents([numbered(1), numbered(2)]);
  await odp.flush();
  await until('delivered', 2);
  expect(arrived()).toEqual(['1', '2']);
  expect(log).toContainEqual({
    level: 'error',
    message: expect.stringContaining('events$ threw RangeError') as unknown,
  });
});
