import assert from 'node:assert/strict';
import { idsOf, LEASE, type StagedCase } from './stage.js';

/** Leases: releasing events, and what happens when a lease ends. */
export const leaseCases: readonly StagedCase[] = [
  {
    name: 'hands out no event twice while its lease lasts',
    async run(stage) {
      await stage.append(3);
      assert.equal((await stage.claim(3)).length, 3);
      await stage.advance(LEASE / 2);
      assert.deepEqual(idsOf(await stage.claim(3)), []);
    },
  },
  {
    name: 'hands an event out again when its lease has expired, without counting a failed attempt',
    async run(stage) {
      const ids = idsOf(await stage.append(3));
      await stage.claim(3);
      await stage.advance(LEASE + 1);
      const again = await stage.claim(3);
      assert.deepEqual(idsOf(again), ids);
      assert.deepEqual(
        again.map(({ failedAttempts }) => failedAttempts),
        [0, 0, 0],
      );
    },
  },
  {
    name: 'ignores a dispatcher whose lease has ended: acknowledge, release and deadLetter do nothing',
    async run(stage) {
      const { outbox } = stage;
      await stage.append(2);
      const slow = await stage.claim(2);
      await stage.advance(LEASE + 1);
      const next = await stage.claim(2);
      assert.equal(next.length, 2);

      assert.equal(await outbox.acknowledge(slow), 0);
      assert.equal(
        await outbox.deadLetter(slow, {
          reason: 'expired',
          message: 'too old',
        }),
        0,
      );
      await outbox.release(slow, { delay: 0, failed: true });
      assert.deepEqual(idsOf(await stage.claim(2)), []);
      const { pending, deadLetters } = await outbox.counts();
      assert.deepEqual(
        { pending, deadLetters },
        { pending: 2, deadLetters: 0 },
      );

      assert.equal(await outbox.acknowledge(next), 2);
      assert.equal((await outbox.counts()).pending, 0);
    },
  },
  {
    name: 'ignores what is done twice with one claim',
    async run(stage) {
      const { outbox } = stage;
      await stage.append(1);
      const first = await stage.claim(1);
      await outbox.release(first, { delay: 0, failed: true });
      await outbox.release(first, { delay: 0, failed: true });
      const second = await stage.claim(5);
      assert.deepEqual(
        second.map(({ failedAttempts }) => failedAttempts),
        [1],
      );
      assert.equal(await outbox.acknowledge(first), 0);
      assert.equal(await outbox.acknowledge(second), 1);
    },
  },
  {
    name: 'counts an event once that a list holds twice',
    async run(stage) {
      await stage.append(2);
      const [first] = await stage.claim(1);
      assert.ok(first);
      assert.equal(await stage.outbox.acknowledge([first, first]), 1);
      assert.equal((await stage.outbox.counts()).pending, 1);
    },
  },
  {
    name: 'hands out what was released before newer events',
    async run(stage) {
      const ids = idsOf(await stage.append(4));
      const claimed = await stage.claim(2);
      await stage.outbox.release(claimed, { delay: 0, failed: false });
      await stage.advance(1);
      assert.deepEqual(idsOf(await stage.claim(4)), ids);
    },
  },
  {
    name: 'keeps released events until their delay has passed',
    async run(stage) {
      const ids = idsOf(await stage.append(3));
      const claimed = await stage.claim(2);
      await stage.outbox.release(claimed, { delay: 30_000, failed: true });
      assert.deepEqual(idsOf(await stage.claim(3)), ids.slice(2));
      await stage.advance(15_000);
      assert.deepEqual(idsOf(await stage.claim(3)), []);
      await stage.advance(15_001);
      assert.deepEqual(idsOf(await stage.claim(3)), ids.slice(0, 2));
    },
  },
  {
    name: 'counts failed attempts, and only those',
    async run(stage) {
      await stage.append(1);
      const failedAttempts: number[] = [];
      for (const failed of [true, false, true, true]) {
        const claimed = await stage.claim(1);
        failedAttempts.push(...claimed.map((event) => event.failedAttempts));
        await stage.outbox.release(claimed, { delay: 0, failed });
        await stage.advance(1);
      }
      assert.deepEqual(failedAttempts, [0, 1, 1, 2]);
      const [last] = await stage.claim(1);
      assert.equal(last?.failedAttempts, 3);
    },
  },
  {
    name: 'releases some of a claim and keeps the others leased',
    async run(stage) {
      const ids = idsOf(await stage.append(4));
      const claimed = await stage.claim(4);
      await stage.outbox.release(claimed.slice(1, 3), {
        delay: 0,
        failed: true,
      });
      await stage.advance(1);
      const again = await stage.claim(4);
      assert.deepEqual(idsOf(again), ids.slice(1, 3));
      const rest = [claimed[0], claimed[3]].filter(
        (event) => event !== undefined,
      );
      assert.equal(await stage.outbox.acknowledge(rest), 2);
      assert.equal(await stage.outbox.acknowledge(again), 2);
      assert.equal((await stage.outbox.counts()).pending, 0);
    },
  },
];
