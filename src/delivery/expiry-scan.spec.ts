import { expect, test, vi } from 'vitest';
import { deliveryParts, eventOf } from '../../test/support/delivery-parts.js';
import { ExpiryScan } from './expiry-scan.js';
import { OutcomeRecorder } from './outcome-recorder.js';

const MAX_AGE = 60_000;

/** A scan of an outbox with so many events. */
async function scan(count: number) {
  const parts = await deliveryParts({ maxEventAge: MAX_AGE, batchSize: 5 });
  const { access, awaited, reporter, clock, options } = parts;
  for (let n = 0; n < count; n++) await access.append([eventOf(`${n}`)]);
  const recorder = new OutcomeRecorder(access, awaited, reporter, MAX_AGE);
  const one = new ExpiryScan(access, recorder, clock, options);
  return { ...parts, one };
}

test('it is due when the oldest event grows too old', async () => {
  const { one, clock } = await scan(1);
  await clock.advance(20_000);
  expect(one.dueAt).toBe(MAX_AGE);
  expect((await scan(0)).one.dueAt).toBe(Infinity);
});

test('it gives up what is too old, and leaves the rest to be claimed', async () => {
  const { one, clock, access, reporter } = await scan(2);
  await clock.advance(1000);
  await access.append([eventOf('young')]);
  await clock.advance(MAX_AGE - 1000);
  await one.run();
  expect(reporter.counters.expired).toBe(2);
  expect(await access.outbox.claim({ limit: 9, lease: 1 })).toMatchObject([
    { id: 'young' },
  ]);
});

test('it goes on at once as long as all that it finds is too old', async () => {
  const { one, clock, reporter } = await scan(7);
  await clock.advance(MAX_AGE);
  await one.run();
  expect(reporter.counters.expired).toBe(5);
  expect(one.dueAt).toBe(MAX_AGE);
  await one.run();
  expect(reporter.counters.expired).toBe(7);
});

test('it rests for a second if it finds nothing', async () => {
  const { one, clock, access } = await scan(1);
  await access.outbox.claim({ limit: 1, lease: 2 * MAX_AGE });
  await clock.advance(MAX_AGE);
  await one.run();
  expect(one.dueAt).toBe(MAX_AGE + 1000);
});

test('an outbox that fails is reported, and asked again after a second', async () => {
  const { one, clock, outbox, reporter } = await scan(1);
  await clock.advance(MAX_AGE);
  vi.spyOn(outbox, 'claim').mockImplementation(() => {
    throw new Error('away');
  });
  await one.run();
  expect(reporter.counters.outboxFailures).toBe(1);
  expect(one.dueAt).toBe(MAX_AGE + 1000);
});
