import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileOutbox } from 'nestjs-optimizely-odp/outbox/file';
import { beforeEach, expect, test } from 'vitest';
import { numbered, startOdpApp } from '../support/odp-app.js';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'odp-'));
  return () => rm(path, { recursive: true, force: true });
});

test('what a run leaves behind is delivered by the next', async () => {
  const first = await startOdpApp({ outbox: fileOutbox({ path }) });
  first.sandbox.fail({ status: 503 });
  await first.odp.sendOdpEvents([numbered(1), numbered(2)]);
  expect(first.odp.stats()).toMatchObject({ accepted: 2, pending: 2 });
  const closing = first.close();
  await expect
    .poll(async () => {
      await first.clock.advance(500);
      return first.log.at(-1)?.message;
    })
    .toContain('2 events stay behind in the outbox (file');
  await closing;

  const second = await startOdpApp({ outbox: fileOutbox({ path }) });
  await second.until('delivered', 2);
  expect(second.arrived()).toEqual(['1', '2']);
  await expect.poll(() => second.odp.stats().pending).toBe(0);
});

test('an event that nobody waits for, sent as the app closes, is delivered and counted', async () => {
  const { odp, arrived, close, log } = await startOdpApp({
    outbox: fileOutbox({ path }),
  });
  odp.trackOdpEvent(numbered(1));
  await close();
  expect(arrived()).toEqual(['1']);
  expect(log.at(-1)?.message).toMatch(/was delivered .*delivered=1 left=0/);
});

test('a flush covers events whose sender does not wait', async () => {
  const { odp, arrived } = await startOdpApp({ outbox: fileOutbox({ path }) });
  odp.trackOdpEvent(numbered(1));
  expect(await odp.flush()).toEqual({ pending: 0 });
  expect(arrived()).toEqual(['1']);
});

test('events that wait for another run keep their id and their time', async () => {
  const first = await startOdpApp({ outbox: fileOutbox({ path }) });
  first.sandbox.fail({ status: 503, retryAfter: 60 });
  const { id } = await first.odp.sendOdpEvent(numbered(1));
  void first.odp.flush();
  await first.until('retrying');
  await first.close();
  const second = await startOdpApp({ outbox: fileOutbox({ path }) });
  await second.until('delivered');
  expect(second.sandbox.events()).toMatchObject([
    { event: { data: { idempotence_id: id, ts: 1735689600 } } },
  ]);
});
