import assert from 'node:assert/strict';
import type { ClaimedEvent, OdpOutbox } from '../../outbox/outbox.js';
import { idsOf, type Stage, type StagedCase } from './stage.js';

/** Claims from all of these at once until nothing is left; fails when one event is claimed twice. */
async function claimAll(
  stage: Stage,
  outboxes: readonly OdpOutbox[],
): Promise<ClaimedEvent[]> {
  const claimed: ClaimedEvent[] = [];
  for (;;) {
    const rounds = await Promise.all(
      outboxes.flatMap((outbox) =>
        Array.from({ length: 5 }, () => stage.claim(7, outbox)),
      ),
    );
    const round = rounds.flat();
    if (round.length === 0) break;
    claimed.push(...round);
  }
  const ids = idsOf(claimed);
  assert.equal(new Set(ids).size, ids.length, 'an event was claimed twice');
  return claimed;
}

/** Many callers at once. */
export const concurrencyCases: readonly StagedCase[] = [
  {
    name: 'takes a long list in whole and in order',
    async run(stage) {
      const events = stage.events(1000);
      const counts = async () => (await stage.outbox.counts()).pending;
      const append = async () => {
        await stage.outbox.append(events);
      };
      const [before, , during, after] = await Promise.all([
        counts(),
        append(),
        counts(),
        new Promise((resolve) => setImmediate(resolve)).then(counts),
      ]);
      for (const seen of [before, during, after]) {
        assert.ok(seen === 0 || seen === 1000, `${seen} of 1000 were seen`);
      }
      assert.equal(await counts(), 1000);
      assert.deepEqual(idsOf(await stage.claim(1000)), idsOf(events));
    },
  },
  {
    name: 'takes concurrent appends, each in order',
    async run(stage) {
      const lists = Array.from({ length: 40 }, (_, index) =>
        stage.events(5, `list-${index}`),
      );
      await Promise.all(
        lists.map(async (list) => {
          await stage.outbox.append(list);
        }),
      );
      const ids = idsOf(await stage.claim(1000));
      assert.equal(ids.length, 200);
      for (const [index, list] of lists.entries()) {
        const own = ids.filter((id) => id.startsWith(`list-${index}-`));
        assert.deepEqual(own, idsOf(list));
      }
    },
  },
  {
    name: 'gives no event to two concurrent claims',
    async run(stage) {
      await stage.append(200);
      const claimed = await claimAll(stage, [stage.outbox]);
      assert.equal(claimed.length, 200);
    },
  },
  {
    name: 'appends, claims and acknowledges at the same time without losing any',
    async run(stage) {
      const { outbox } = stage;
      const delivered: string[] = [];
      const deliver = async () => {
        const claimed = await stage.claim(10);
        assert.equal(await outbox.acknowledge(claimed), claimed.length);
        delivered.push(...idsOf(claimed));
        return claimed.length;
      };
      for (let round = 0; round < 10; round++) {
        await Promise.all([
          stage.append(15, `a${round}`),
          deliver(),
          stage.append(1, `b${round}`),
          deliver(),
        ]);
      }
      while ((await deliver()) > 0);
      assert.equal(new Set(delivered).size, 160);
      assert.equal(delivered.length, 160);
      assert.equal((await outbox.counts()).pending, 0);
    },
  },
  {
    name: 'gives no event to two instances at once',
    needs: 'shared',
    async run(stage) {
      await stage.append(200);
      const claimed = await claimAll(stage, [
        stage.outbox,
        await stage.another(),
      ]);
      assert.equal(claimed.length, 200);
    },
  },
  {
    name: 'hands the events of a slow instance to others, and ignores that instance from then on',
    needs: 'shared',
    async run(stage) {
      const other = await stage.another();
      await stage.append(2);
      const slow = await stage.claim(2, stage.outbox, 1000);
      assert.deepEqual(idsOf(await stage.claim(2, other)), []);
      await stage.advance(1001);
      const next = await stage.claim(2, other);
      assert.deepEqual(idsOf(next), idsOf(slow));
      assert.equal(await stage.outbox.acknowledge(slow), 0);
      await stage.outbox.release(slow, { delay: 0, failed: true });
      assert.equal((await stage.outbox.counts()).pending, 2);
      assert.equal(await other.acknowledge(next), 2);
      assert.equal((await stage.outbox.counts()).pending, 0);
    },
  },
  {
    name: 'records what another instance has delivered or given up, by receipt',
    needs: 'shared',
    async run(stage) {
      const other = await stage.another();
      const events = stage.events(4).map((event, index) => ({
        ...event,
        id: 'same',
        receipt: `receipt-${index}`,
      }));
      await stage.outbox.append(events.slice(0, 3));
      await other.acknowledge(await stage.claim(1, other));
      const cause = { reason: 'rejected', status: 400, message: 'no' } as const;
      await other.deadLetter(await stage.claim(1, other), cause);
      const outcomes = await stage.outbox.outcomes(
        events.map(({ receipt }) => receipt),
      );
      assert.deepEqual(
        [...outcomes].sort((a, b) => (a.receipt < b.receipt ? -1 : 1)),
        [
          { receipt: 'receipt-0', outcome: 'delivered' },
          { receipt: 'receipt-1', outcome: 'deadLettered', ...cause },
        ],
      );
    },
  },
];
