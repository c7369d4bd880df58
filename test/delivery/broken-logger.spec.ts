import diagnosticsChannel from 'node:diagnostics_channel';
import { expect, onTestFinished, test } from 'vitest';
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

test('what a subscriber of a channel throws is an uncaught exception, and stops no delivery', async () => {
  const { odp, until, arrived } = await startOdpApp();
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const uncaught: unknown[] = [];
  process.on('uncaughtException', (error) => uncaught.push(error));
  const broken = () => {
    throw new RangeError('broken');
  };
  diagnosticsChannel.subscribe('optimizely-odp:delivered', broken);
  onTestFinished(() => {
    diagnosticsChannel.unsubscribe('optimizely-odp:delivered', broken);
    process.removeAllListeners('uncaughtException');
    for (const other of others) process.on('uncaughtException', other);
  });
  await odp.sendOdpEvents([numbered(1), numbered(2)]);
  await odp.flush();
  await until('delivered', 2);
  expect(arrived()).toEqual(['1', '2']);
  await expect.poll(() => uncaught).toHaveLength(2);
  expect(uncaught[0]).toBeInstanceOf(RangeError);
  expect(odp.stats()).toMatchObject({ delivered: 2, inFlight: 0, pending: 0 });
});
