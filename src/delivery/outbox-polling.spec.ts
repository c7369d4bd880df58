import { expect, test } from 'vitest';
import { deliveryParts } from '../../test/support/delivery-parts.js';
import type { DeliveryOutcome } from '../outbox/index.js';
import { OutboxPolling } from './outbox-polling.js';

const INTERVAL = 1000;

/** Polls an outbox that other processes share. */
async function polling(shared = true) {
  const parts = await deliveryParts();
  const { access, awaited, trigger, clock } = parts;
  const recorded: DeliveryOutcome[] = [];
  const asked: (readonly string[])[] = [];
  Object.assign(access.outbox, {
    pollInterval: shared ? INTERVAL : undefined,
    outcomes: (receipts: readonly string[]) => {
      asked.push(receipts);
      return recorded;
    },
  });
  const wait = (receipt: string) => {
    const one = awaited.expect(receipt, '{}');
    one.accepted();
    return one.outcome;
  };
  const one = new OutboxPolling(access, awaited, trigger, clock, 60_000);
  return { ...parts, recorded, asked, wait, one };
}

test('callers learn what another process recorded', async () => {
  const { awaited, clock, recorded, wait, one } = await polling();
  const cause = { outcome: 'deadLettered', message: 'no' } as const;
  recorded.push(
    { receipt: 'delivered', outcome: 'delivered' },
    { receipt: 'rejected', ...cause, reason: 'rejected', status: 422 },
    { receipt: 'expired', ...cause, reason: 'expired' },
  );
  const delivered = wait('delivered');
  const rejected = expect(wait('rejected')).rejects.toMatchObject({
    code: 'rejected',
    status: 422,
    reason: 'no',
  });
  const expired = expect(wait('expired')).rejects.toMatchObject({
    code: 'expired',
    maxEventAge: 60_000,
  });
  void wait('unknown');
  one.start();
  await clock.advance(INTERVAL);
  await delivered;
  await rejected;
  await expired;
  // That nothing is recorded proves nothing.
  expect(awaited.receipts).toEqual(['unknown']);
});

test('it looks at intervals, until it is stopped or the app has ended', async () => {
  const { access, clock, ended, trigger, wait, asked, one } = await polling();
  void wait('one');
  one.start();
  await clock.advance(INTERVAL - 1);
  expect([asked.length, trigger.isDue(clock.monotonic())]).toEqual([0, false]);
  await clock.advance(1);
  // What others have left behind is claimed, too.
  expect([asked.length, trigger.isDue(clock.monotonic())]).toEqual([1, true]);
  await clock.advance(2 * INTERVAL);
  expect(asked).toEqual([['one'], ['one'], ['one']]);
  one.stop();
  await clock.advance(INTERVAL);
  expect(asked).toHaveLength(3);
  one.start();
  ended.abort();
  await clock.advance(5 * INTERVAL);
  expect([asked.length, access.isOver, clock.pendingTimers]).toEqual([
    3,
    true,
    0,
  ]);
});

test('an outbox that is not shared, or has nobody waiting, is not asked', async () => {
  const own = await polling(false);
  void own.wait('one');
  own.one.start();
  expect(own.clock.pendingTimers).toBe(0);
  const idle = await polling();
  idle.one.start();
  await idle.clock.advance(INTERVAL);
  expect(idle.asked).toEqual([]);
});

test('who awaits an erased event learns it, unless another process had delivered it', async () => {
  const { recorded, wait, one } = await polling();
  recorded.push({ receipt: 'sent', outcome: 'delivered' });
  const sent = wait('sent');
  const erased = expect(wait('erased')).rejects.toMatchObject({
    code: 'erased',
  });
  await one.erased(['sent', 'erased']);
  await sent;
  await erased;
});

test('while the outbox does not say what became of an erased event, nobody is told', async () => {
  const { access, awaited, reporter, wait, one } = await polling();
  Object.assign(access.outbox, {
    outcomes: () => {
      throw new Error('away');
    },
  });
  void wait('one');
  await one.erased(['one']);
  expect(awaited.receipts).toEqual(['one']);
  expect(reporter.counters.outboxFailures).toBe(1);
});
