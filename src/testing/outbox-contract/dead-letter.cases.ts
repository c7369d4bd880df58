import assert from 'node:assert/strict';
import type { DeadLetterCause } from '../../outbox/outbox.js';
import { idsOf, type Stage, type StagedCase } from './stage.js';

const rejected: DeadLetterCause = {
  reason: 'rejected',
  status: 400,
  message: 'ODP said: "no" – ünknown field',
};
const expired: DeadLetterCause = {
  reason: 'expired',
  message: 'undelivered for 24 h',
};

/** Buries `oldest` for one reason, then `newest` for the other, at another time. */
async function deadLetterTwo(stage: Stage): Promise<number> {
  const { outbox } = stage;
  await stage.append(1, 'oldest');
  await outbox.deadLetter(await stage.claim(1), rejected);
  const first = (await outbox.deadLetters({}, { limit: 1 }))[0]?.deadLetteredAt;
  assert.ok(first !== undefined);
  // A server's clock cannot be moved, but it moves by itself.
  for (let failedAttempts = 0; failedAttempts < 1000; failedAttempts++) {
    await stage.advance(1);
    await stage.append(1, 'newest');
    await outbox.deadLetter(await stage.claim(1), expired);
    const [letter] = await outbox.deadLetters(
      { ids: ['newest-0'] },
      { limit: 1 },
    );
    assert.ok(letter);
    if (letter.deadLetteredAt > first) return letter.deadLetteredAt;
    await outbox.purge({ ids: ['newest-0'] });
  }
  return assert.fail('deadLetteredAt does not move with time');
}

/** What is given up, and what can be done with it. */
export const deadLetterCases: readonly StagedCase[] = [
  {
    name: 'keeps what is dead-lettered, with reason, status, message, failedAttempts and times',
    async run(stage) {
      const { outbox } = stage;
      const [event] = await stage.append(1);
      assert.ok(event);
      await outbox.release(await stage.claim(1), { delay: 0, failed: true });
      await stage.advance(1);
      assert.equal(await outbox.deadLetter(await stage.claim(1), rejected), 1);

      const [letter, ...others] = await outbox.deadLetters({}, { limit: 10 });
      assert.ok(letter);
      assert.equal(others.length, 0);
      const { deadLetteredAt, cursor: _, ...rest } = letter;
      assert.deepEqual(
        { ...rest },
        { ...event, ...rejected, failedAttempts: 1 },
      );
      assert.ok(
        Math.abs(deadLetteredAt - stage.now) < 60_000,
        `deadLetteredAt is ${deadLetteredAt - stage.now} ms off`,
      );
      assert.deepEqual(await outbox.counts(), {
        pending: 0,
        oldestAge: undefined,
        deadLetters: 1,
      });
      assert.deepEqual(idsOf(await stage.claim(10)), []);
    },
  },
  {
    name: 'keeps a dead letter without a status as one without',
    async run(stage) {
      await stage.append(1);
      await stage.outbox.deadLetter(await stage.claim(1), expired);
      const [letter] = await stage.outbox.deadLetters({}, { limit: 1 });
      assert.equal(letter?.reason, 'expired');
      assert.equal(letter.status, undefined);
    },
  },
  {
    name: 'ignores what is dead-lettered twice',
    async run(stage) {
      await stage.append(1);
      const claimed = await stage.claim(1);
      assert.equal(await stage.outbox.deadLetter(claimed, rejected), 1);
      assert.equal(await stage.outbox.deadLetter(claimed, rejected), 0);
      assert.equal((await stage.outbox.counts()).deadLetters, 1);
    },
  },
  {
    name: 'lists dead letters oldest first, up to a limit',
    async run(stage) {
      const ids = idsOf(await stage.append(5));
      for (let left = 5; left > 0; left--) {
        await stage.outbox.deadLetter(await stage.claim(1), rejected);
        await stage.advance(1);
      }
      const list = async (limit: number) =>
        idsOf(await stage.outbox.deadLetters({}, { limit }));
      assert.deepEqual(await list(3), ids.slice(0, 3));
      assert.deepEqual(await list(10), ids);
    },
  },
  {
    name: 'lists dead letters page by page, each after the cursor of the one before',
    async run(stage) {
      const ids = idsOf(await stage.append(5));
      await stage.outbox.deadLetter(await stage.claim(5), rejected);
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await stage.outbox.deadLetters({}, { limit: 2, after });
        if (page.length === 0) break;
        assert.ok(page.length <= 2);
        seen.push(...idsOf(page));
        after = page.at(-1)?.cursor;
      }
      assert.deepEqual(seen, ids);
    },
  },
  {
    name: 'keeps the newest dead letters, as many as retention allows',
    async run(stage) {
      await stage.append(stage.maxDeadLetters + 3);
      await stage.outbox.deadLetter(
        await stage.claim(stage.maxDeadLetters + 3),
        rejected,
      );
      const letters = await stage.outbox.deadLetters({}, { limit: 10_000 });
      assert.equal(letters.length, stage.maxDeadLetters);
      assert.equal(letters.at(0)?.id, 'event-3');
      assert.equal((await stage.outbox.counts()).deadLetters, letters.length);
      assert.equal(stage.deadLettersRemoved, 3);
    },
  },
  {
    name: 'keeps what retention allows when dead letters are trimmed',
    async run(stage) {
      await stage.append(2);
      await stage.outbox.deadLetter(await stage.claim(2), rejected);
      await stage.outbox.trimDeadLetters();
      assert.equal((await stage.outbox.counts()).deadLetters, 2);
      assert.equal(stage.deadLettersRemoved, 0);
    },
  },
  {
    name: 'requeues up to a limit, the oldest first, and announces them',
    async run(stage) {
      const ids = idsOf(await stage.append(3));
      await stage.outbox.deadLetter(await stage.claim(3), rejected);
      const { ready } = stage;
      assert.equal(await stage.outbox.requeue({}, 2), 2);
      assert.ok(stage.ready > ready, 'ready() was not called');
      assert.deepEqual(idsOf(await stage.claim(10)), ids.slice(0, 2));
      assert.equal((await stage.outbox.counts()).deadLetters, 1);
    },
  },
  {
    name: 'erases what names an identifier: pending, claimed and dead letters',
    async run(stage) {
      const { outbox } = stage;
      const of = (id: string, email: string) => ({
        id,
        payload: JSON.stringify({
          identifiers: { email },
          data: { email: 'ada' },
        }),
        createdAt: stage.now,
      });
      const ada = '100%_\'\\"@ada.example';
      await outbox.append([of('letter', ada), of('other', 'bob')]);
      await outbox.deadLetter(await stage.claim(2), rejected);
      await outbox.append([of('claimed', ada)]);
      const claimed = await stage.claim(1);
      await outbox.append([of('pending', ada), of('bystander', `${ada}x`)]);
      assert.deepEqual(
        { ...(await outbox.erase({ email: ada })) },
        { pending: 2, deadLetters: 1 },
      );
      assert.equal(await outbox.acknowledge(claimed), 0);
      assert.deepEqual(idsOf(await stage.claim(10)), ['bystander']);
      assert.deepEqual(idsOf(await outbox.deadLetters({}, { limit: 9 })), [
        'other',
      ]);
      assert.deepEqual(
        { ...(await outbox.erase({ phone: ada })) },
        { pending: 0, deadLetters: 0 },
      );
    },
  },
  {
    name: 'finds dead letters by id, reason and time, all of which must match',
    async run(stage) {
      const newest = await deadLetterTwo(stage);
      const found = async (filter: Parameters<typeof list>[0]) =>
        idsOf(await list(filter, { limit: 10 }));
      const list = stage.outbox.deadLetters.bind(stage.outbox);
      assert.deepEqual(await found({}), ['oldest-0', 'newest-0']);
      assert.deepEqual(await found({ ids: ['newest-0', 'unknown'] }), [
        'newest-0',
      ]);
      assert.deepEqual(await found({ ids: [] }), []);
      assert.deepEqual(await found({ reason: 'rejected' }), ['oldest-0']);
      assert.deepEqual(await found({ before: newest }), ['oldest-0']);
      assert.deepEqual(await found({ before: newest + 1 }), [
        'oldest-0',
        'newest-0',
      ]);
      assert.deepEqual(
        await found({
          reason: 'expired',
          before: newest + 1,
          ids: ['newest-0'],
        }),
        ['newest-0'],
      );
      assert.deepEqual(await found({ reason: 'expired', before: newest }), []);
    },
  },
  {
    name: 'requeues what the filter names, as new: age and failedAttempts start over',
    async run(stage) {
      const { outbox } = stage;
      const [event] = stage.events(1, 'retried');
      assert.ok(event);
      const createdAt = stage.now - 86_400_000;
      await outbox.append([{ ...event, createdAt }]);
      await outbox.release(await stage.claim(1), { delay: 0, failed: true });
      await stage.advance(1);
      await outbox.deadLetter(await stage.claim(1), expired);
      await stage.append(1, 'kept');
      await outbox.deadLetter(await stage.claim(1), rejected);

      assert.equal(await outbox.requeue({ reason: 'expired' }), 1);
      const counts = await outbox.counts();
      assert.equal(counts.pending, 1);
      assert.equal(counts.deadLetters, 1);
      const [again, ...others] = await stage.claim(10);
      assert.ok(again);
      assert.equal(others.length, 0);
      assert.equal(again.id, event.id);
      assert.equal(again.payload, event.payload);
      assert.equal(again.failedAttempts, 0);
      assert.ok(
        Math.abs(again.createdAt - stage.now) < 60_000,
        `createdAt is ${again.createdAt - stage.now} ms off`,
      );
      assert.deepEqual(idsOf(await outbox.deadLetters({}, { limit: 10 })), [
        'kept-0',
      ]);
      assert.equal(await outbox.acknowledge([again]), 1);
      assert.equal(await outbox.requeue({ ids: ['unknown'] }), 0);
    },
  },
  {
    name: 'purges what the filter names, and returns how many',
    async run(stage) {
      const { outbox } = stage;
      await deadLetterTwo(stage);
      assert.equal(await outbox.purge({ ids: ['unknown'] }), 0);
      assert.equal(await outbox.purge({ reason: 'rejected' }), 1);
      assert.deepEqual(idsOf(await outbox.deadLetters({}, { limit: 10 })), [
        'newest-0',
      ]);
      assert.equal(await outbox.purge({}), 1);
      assert.deepEqual(await outbox.counts(), {
        pending: 0,
        oldestAge: undefined,
        deadLetters: 0,
      });
    },
  },
];
