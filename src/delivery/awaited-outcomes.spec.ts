import { expect, test, vi } from 'vitest';
import { type DeliveryOutcome, memoryOutbox } from '../outbox/index.js';
import { AwaitedEvents } from './awaited.js';
import { resolveAwaitedOutcomes } from './awaited-outcomes.js';

function awaiting(recorded: readonly DeliveryOutcome[]) {
  const awaited = new AwaitedEvents();
  const outbox = memoryOutbox();
  const outcomes = vi.fn(() => recorded);
  Object.assign(outbox, { outcomes });
  const wait = (receipt: string) => {
    const one = awaited.expect(receipt, '{}');
    one.accepted();
    return one.outcome;
  };
  const look = () => resolveAwaitedOutcomes(outbox, awaited, 1000);
  return { awaited, outcomes, wait, look };
}

test('callers learn what another process recorded', async () => {
  const cause = { outcome: 'deadLettered', message: 'no' } as const;
  const { awaited, wait, look } = awaiting([
    { receipt: 'delivered', outcome: 'delivered' },
    { receipt: 'rejected', ...cause, reason: 'rejected', status: 422 },
    { receipt: 'expired', ...cause, reason: 'expired' },
  ]);
  const delivered = wait('delivered');
  const rejected = wait('rejected');
  const expired = wait('expired');
  void wait('unknown');
  await look();
  await expect(delivered).resolves.toBeUndefined();
  await expect(rejected).rejects.toMatchObject({
    code: 'rejected',
    status: 422,
    reason: 'no',
  });
  await expect(expired).rejects.toMatchObject({
    code: 'expired',
    maxEventAge: 1000,
  });
  // That nothing is recorded proves nothing.
  expect(awaited.receipts).toEqual(['unknown']);
});

test('the outbox is not asked if nobody waits', async () => {
  const { outcomes, look } = awaiting([]);
  await look();
  expect(outcomes).not.toHaveBeenCalled();
});
