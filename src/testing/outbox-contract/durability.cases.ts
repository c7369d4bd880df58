import assert from 'node:assert/strict';
import { idsOf, LEASE, type StagedCase } from './stage.js';

/** What the next instance finds. */
export const durabilityCases: readonly StagedCase[] = [
  {
    name: 'finds pending events and dead letters again after it was closed',
    needs: 'reopen',
    async run(stage) {
      const [dead, done, ...kept] = await stage.append(5);
      assert.ok(dead && done);
      await stage.outbox.deadLetter(await stage.claim(1), {
        reason: 'rejected',
        status: 400,
        message: 'no',
      });
      await stage.outbox.acknowledge(await stage.claim(1));
      const before = await stage.outbox.deadLetters({}, { limit: 10 });
      await stage.close(stage.outbox);

      const next = await stage.another();
      const { pending, deadLetters } = await next.counts();
      assert.deepEqual(
        { pending, deadLetters },
        { pending: 3, deadLetters: 1 },
      );
      assert.deepEqual(await next.deadLetters({}, { limit: 10 }), before);
      const claimed = await stage.claim(10, next);
      assert.deepEqual(
        claimed.map(({ id, payload, createdAt, failedAttempts }) => ({
          id,
          payload,
          createdAt,
          failedAttempts,
        })),
        kept.map((event) => ({ ...event, failedAttempts: 0 })),
      );
      assert.equal(await next.acknowledge(claimed), 3);
    },
  },
  {
    name: 'remembers failed attempts after it was closed',
    needs: 'reopen',
    async run(stage) {
      await stage.append(3);
      await stage.outbox.release(await stage.claim(2), {
        delay: 5000,
        failed: true,
      });
      await stage.close(stage.outbox);
      await stage.advance(5001);

      const next = await stage.another();
      const claimed = await stage.claim(10, next);
      assert.deepEqual(
        claimed.map(({ id, failedAttempts }) => [id, failedAttempts]),
        [
          ['event-0', 1],
          ['event-1', 1],
          ['event-2', 0],
        ],
      );
    },
  },
  {
    name: 'hands out what a closed instance had claimed, at the latest when the lease has expired',
    needs: 'reopen',
    async run(stage) {
      const ids = idsOf(await stage.append(3));
      const lost = await stage.claim(2);
      await stage.close(stage.outbox);
      await stage.advance(LEASE + 1);

      const next = await stage.another();
      const claimed = await stage.claim(10, next);
      assert.deepEqual(idsOf(claimed), ids);
      assert.equal(await next.acknowledge(lost), 0);
      assert.equal(await next.acknowledge(claimed), 3);
      assert.equal((await next.counts()).pending, 0);
    },
  },
  {
    name: 'does not bring back what was acknowledged, requeued or purged',
    needs: 'reopen',
    async run(stage) {
      const { outbox } = stage;
      await stage.append(3);
      await outbox.acknowledge(await stage.claim(1));
      await outbox.deadLetter(await stage.claim(2), {
        reason: 'rejected',
        message: 'no',
      });
      await outbox.requeue({ ids: ['event-1'] });
      await outbox.purge({});
      await stage.close(outbox);

      const next = await stage.another();
      const { pending, deadLetters } = await next.counts();
      assert.deepEqual(
        { pending, deadLetters },
        { pending: 1, deadLetters: 0 },
      );
      assert.deepEqual(idsOf(await stage.claim(10, next)), ['event-1']);
    },
  },
];
