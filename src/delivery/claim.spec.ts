import { expect, test, vi } from 'vitest';
import { deliveryParts, eventOf } from '../../test/support/delivery-parts.js';
import { OdpOutboxError } from '../errors/index.js';
import { leaseFor } from './claim.js';

const away = () => {
  throw new OdpOutboxError('The store is away.');
};

/** Two events that are claimed for ten seconds. */
async function claimed() {
  const parts = await deliveryParts();
  const { access, outbox } = parts;
  await access.append([eventOf('a'), eventOf('b')]);
  const claim = await access.claim({ limit: 10, lease: 10_000 });
  const fail = (doing: 'acknowledge' | 'release', times: number) => {
    const spy = vi.spyOn(outbox, doing);
    for (let n = 0; n < times; n++) spy.mockImplementationOnce(away);
    return spy;
  };
  return { ...parts, claim, events: claim.events, fail };
}

test('an outbox that fails is told again, and what it has recorded then counts', async () => {
  const { clock, claim, events, reporter, access, fail } = await claimed();
  fail('acknowledge', 2);
  const recorded = claim.acknowledge(events);
  await clock.advance(500);
  expect(await recorded).toBe(2);
  expect(reporter.counters.outboxFailures).toBe(2);
  expect(await access.outbox.claim({ limit: 9, lease: 1 })).toEqual([]);
});

test('an answer of the outbox that got lost is no claim that got lost', async () => {
  const { clock, claim, events, outbox } = await claimed();
  const acknowledge = outbox.acknowledge.bind(outbox);
  vi.spyOn(outbox, 'acknowledge').mockImplementationOnce((acknowledged) => {
    acknowledge(acknowledged);
    return away();
  });
  const recorded = claim.acknowledge(events);
  await clock.advance(250);
  expect(await recorded).toBe(2);
});

test('once the lease is about to end, a failing outbox is not told again: the events are due then', async () => {
  const { clock, reporter, trigger, claim, events, fail } = await claimed();
  trigger.wantAll(clock.monotonic());
  trigger.claim(clock.monotonic());
  const release = fail('release', 1000);
  void claim.release(events);
  await clock.advance(9_500);
  expect(trigger.nextAt).toBe(Infinity);
  await clock.advance(500);
  expect(trigger.nextAt).toBe(10_000);
  const calls = release.mock.calls.length;
  await clock.advance(5000);
  expect(release).toHaveBeenCalledTimes(calls);
  expect(reporter.counters.outboxFailures).toBe(calls);
});

test('once the app has ended, a failing outbox is not told again', async () => {
  const { clock, ended, claim, events, fail } = await claimed();
  const acknowledge = fail('acknowledge', 1000);
  ended.abort();
  expect(await claim.acknowledge(events)).toBe(undefined);
  await clock.advance(5000);
  expect(acknowledge).toHaveBeenCalledTimes(1);
});

test('an outbox that keeps failing holds a slot for five seconds at most', async () => {
  const { clock, claim, events, fail } = await claimed();
  fail('release', 1000);
  let isReleased = false;
  void claim.retry(events, 0).then(() => (isReleased = true));
  await clock.advance(4_999);
  expect(isReleased).toBe(false);
  await clock.advance(1);
  expect(isReleased).toBe(true);
});

test('released events can be claimed when their delay is over; only failed ones count an attempt', async () => {
  const { clock, access, claim, events, trigger } = await claimed();
  await claim.release(events.slice(0, 1), 100);
  await claim.retry(events.slice(1), 200);
  const request = { limit: 9, lease: 1 };
  expect(trigger.nextAt).toBe(100);
  await clock.advance(100);
  expect(await access.outbox.claim(request)).toMatchObject([
    { id: 'a', failedAttempts: 0 },
  ]);
  await clock.advance(100);
  expect(await access.outbox.claim(request)).toMatchObject([
    { id: 'a' },
    { id: 'b', failedAttempts: 1 },
  ]);
});

test('a lease outlasts the requests that are made within it', () => {
  expect(leaseFor({ requestTimeout: 10_000 })).toBe(60_000);
  expect(leaseFor({ requestTimeout: 60_000 })).toBe(180_000);
});
