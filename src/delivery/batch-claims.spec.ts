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
  /** How many events each batch of the next claim has. */
  const claim = async (slots: number) =>
    (await one.claim(slots)).map(({ events }) => events.length);
  return { ...parts, limit, one, asked, claim };
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
  const { one, claim, limit, asked } = await claims(4);
  one.wantAll();
  expect(await claim(1)).toEqual([3]);
  expect(one.dueAt).toBe(0);
  limit.timedOut(200_000);
  expect(await claim(1)).toEqual([1]);
  expect(asked.mock.lastCall?.[0]).toMatchObject({
    limit: 3,
    maxBytes: 99_000,
    lease: 60_000,
  });
  expect(await claim(1)).toEqual([]);
  expect(one.dueAt).toBe(Infinity);
});

test('as long as claims are full, each takes twice as many batches, up to four', async () => {
  const { claim, one, asked } = await claims(43);
  expect(await claim(16)).toEqual([3]);
  expect(await claim(16)).toEqual([3, 3]);
  expect(await claim(16)).toEqual([3, 3, 3, 3]);
  expect(await claim(16)).toEqual([3, 3, 3, 3]);
  // Never more than may go, or than there is.
  expect(await claim(2)).toEqual([3, 3]);
  expect(await claim(16)).toEqual([3]);
  expect(one.dueAt).toBe(1000);
  one.wantAll();
  expect(await claim(16)).toEqual([1]);
  expect(await claim(16)).toEqual([]);
  expect(asked.mock.lastCall?.[0].limit).toBe(3);
});

test('each batch is limited in bytes; a claim that these cut short is followed by smaller ones', async () => {
  const { claim, one, limit, outbox } = await claims(9);
  limit.timedOut(1);
  one.wantAll();
  expect(await claim(4)).toEqual([3]);
  expect(await claim(4)).toEqual([3, 3]);
  const payload = 'x'.repeat(limit.bytes * 0.22);
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  await outbox.append(ids.map((id) => ({ ...eventOf(id), payload })));
  expect(await claim(4)).toEqual([3, 1]);
  expect(await claim(4)).toEqual([3]);
});

test('what an outbox returns beyond the limits is released', async () => {
  const { claim, one, outbox, asked } = await claims(10);
  const all = outbox.claim.bind(outbox);
  asked.mockImplementationOnce((request) => all({ ...request, limit: 10 }));
  one.wantAll();
  expect(await claim(1)).toEqual([3]);
  expect(await outbox.claim({ limit: 10, lease: 1 })).toHaveLength(7);
});

test('a probe chooses among more events than a batch holds', async () => {
  const { one, limit, asked } = await claims(10);
  limit.timedOut(1);
  one.wantAll();
  expect((await one.claimForProbe(8))?.events).toHaveLength(8);
  expect(asked.mock.lastCall?.[0].maxBytes).toBeGreaterThan(1024 * 1024);
  expect((await one.claimForProbe(8))?.events).toHaveLength(2);
  expect(await one.claimForProbe(8)).toBe(undefined);
});

test('an outbox that fails is left alone for a second, however much is due', async () => {
  const { one, claim, clock, asked, reporter, access } = await claims(3);
  asked.mockImplementationOnce(() => {
    throw new Error('away');
  });
  await clock.advance(100);
  expect(await claim(1)).toEqual([]);
  expect(reporter.counters.outboxFailures).toBe(1);
  await access.append([1, 2, 3].map((n) => eventOf(`more-${n}`)));
  one.wantAll();
  expect(one.dueAt).toBe(1100);
  await clock.advance(1000);
  expect(await claim(1)).toEqual([3]);
});
