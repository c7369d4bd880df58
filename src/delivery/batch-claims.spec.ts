import { expect, test, vi } from 'vitest';
import { deliveryParts, eventOf } from '../../test/support/delivery-parts.js';
import { BatchClaims } from './batch-claims.js';
import { BatchLimit } from './batch-limit.js';

async function claims(count: number) {
  const parts = await deliveryParts({ batchSize: 3, flushInterval: 1000 });
  const { access, trigger, clock, options, outbox } = parts;
  await access.append(Array.from({ length: count }, (_, n) => eventOf(`${n}`)));
  const limit = new BatchLimit(options.maxBatchBytes);
  const one = new BatchClaims(access, trigger, limit, clock, options);
  const asked = vi.spyOn(outbox, 'claim');
  return { ...parts, limit, one, asked };
}

test('a full batch is due at once, less once it has waited for flushInterval', async () => {
  expect((await claims(3)).one.dueAt).toBe(0);
  const { one, clock } = await claims(2);
  expect(one.dueAt).toBe(1000);
  await clock.advance(1000);
  expect(one.dueAt).toBe(0);
  expect((await claims(0)).one.dueAt).toBe(Infinity);
});

test('a claim is limited by count and bytes, and leaves the rest due', async () => {
  const { one, limit, asked } = await claims(4);
  one.wantAll();
  const claim = await one.claim(undefined);
  expect(claim?.events).toHaveLength(3);
  expect(one.dueAt).toBe(0);
  limit.timedOut(200_000);
  expect((await one.claim(undefined))?.events).toHaveLength(1);
  expect(asked.mock.lastCall?.[0]).toMatchObject({
    limit: 3,
    maxBytes: 100_000,
    lease: 60_000,
  });
  await one.claim(undefined);
  expect(one.dueAt).toBe(Infinity);
});

test('a probe chooses among more events than a batch holds', async () => {
  const { one, limit, asked } = await claims(10);
  limit.timedOut(1);
  one.wantAll();
  expect((await one.claim(8))?.events).toHaveLength(8);
  expect(asked.mock.lastCall?.[0].maxBytes).toBeGreaterThan(1024 * 1024);
});

test('an outbox that fails is left alone for a second, however much is due', async () => {
  const { one, clock, asked, reporter, access } = await claims(3);
  asked.mockImplementationOnce(() => {
    throw new Error('away');
  });
  await clock.advance(100);
  expect(await one.claim(undefined)).toBe(undefined);
  expect(reporter.counters.outboxFailures).toBe(1);
  await access.append([1, 2, 3].map((n) => eventOf(`more-${n}`)));
  one.wantAll();
  expect(one.dueAt).toBe(1100);
  await clock.advance(1000);
  expect((await one.claim(undefined))?.events).toHaveLength(3);
});
