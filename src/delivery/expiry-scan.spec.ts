import { expect, test } from 'vitest';
import { quietReporter } from '../../test/support/quiet-reporter.js';
import type { ClaimRequest, OutboxCounts } from '../outbox/index.js';
import { ManualClock } from '../testing/index.js';
import type { BatchDelivery } from './batch-delivery.js';
import { resolveDelivery } from './delivery-options.js';
import { ExpiryScan } from './expiry-scan.js';
import type { OutboxAccess } from './outbox-access.js';

/** A scan of an outbox whose oldest event has this age; `claim` says how many it finds. */
function scan(oldestAge: number | undefined, claim: () => number = () => 0) {
  const counts: OutboxCounts = { pending: 1, oldestAge, deadLetters: 0 };
  const asked: ClaimRequest[] = [];
  const expired = { count: 0 };
  const access = {
    counts: () => counts,
    outbox: {
      claim: (request: ClaimRequest) => {
        asked.push(request);
        return Array.from({ length: claim() });
      },
    },
  };
  const batches = {
    expire: (events: readonly unknown[]) =>
      Promise.resolve(events.length - expired.count),
  };
  const clock = new ManualClock();
  const reporter = quietReporter(clock);
  const one = new ExpiryScan(
    access as unknown as OutboxAccess,
    batches as unknown as BatchDelivery,
    reporter,
    resolveDelivery({ maxEventAge: 60_000, batchSize: 5 }, []),
    30_000,
  );
  return { one, asked, expired, reporter };
}

test('it is due when the oldest event grows too old', () => {
  expect(scan(undefined).one.dueAt(5)).toBe(Infinity);
  expect(scan(20_000).one.dueAt(5)).toBe(40_005);
});

test('it claims only what is too old, and rests for a second if it finds nothing', async () => {
  const { one, asked } = scan(60_000);
  await one.run(5000);
  expect(asked).toEqual([{ limit: 5, lease: 30_000, minAge: 60_000 }]);
  expect(one.dueAt(5000)).toBe(6000);
});

test('it goes on at once as long as all that it finds is too old', async () => {
  const { one, expired } = scan(60_000, () => 5);
  await one.run(5000);
  expect(one.dueAt(5000)).toBe(5000);
  expired.count = 1;
  await one.run(5000);
  expect(one.dueAt(5000)).toBe(6000);
});

test('an outbox that fails is reported, and asked again after a second', async () => {
  const { one, reporter } = scan(60_000, () => {
    throw new Error('away');
  });
  await one.run(5000);
  expect(reporter.counters.outboxFailures).toBe(1);
  expect(one.dueAt(5000)).toBe(6000);
});
