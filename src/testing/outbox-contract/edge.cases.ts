import assert from 'node:assert/strict';
import type { MaybePromise } from '../../outbox/outbox.js';
import { idsOf, type StagedCase } from './stage.js';

/** Texts that a store may choke on: NUL, half a surrogate pair, what looks like JSON or a query. */
const ODD_IDS = [
  'a\0b',
  '\uD800',
  'b\uDC00c',
  '"quoted"',
  "'; DROP TABLE events; --",
  '$1 {id} %s',
  '__proto__',
  '',
  '\n\t\\',
  '😀'.repeat(20),
];

/** What callers do that its author may not have thought of. */
export const edgeCases: readonly StagedCase[] = [
  {
    name: 'keeps ids of any text, for dead letters too, and finds them by it',
    async run(stage) {
      const { outbox } = stage;
      const [event] = stage.events(1);
      assert.ok(event);
      await outbox.append(ODD_IDS.map((id) => ({ ...event, id })));
      const claimed = await stage.claim(ODD_IDS.length);
      assert.deepEqual(idsOf(claimed), ODD_IDS);
      const cause = { reason: 'rejected', message: 'a\0b\uD800' } as const;
      await outbox.deadLetter(claimed, cause);
      for (const id of ODD_IDS) {
        const letters = await outbox.deadLetters({ ids: [id] }, { limit: 10 });
        assert.deepEqual(
          letters.map((letter) => [letter.id, letter.message]),
          [[id, cause.message]],
        );
        assert.equal(await outbox.requeue({ ids: [id] }), 1);
      }
      const again = await stage.claim(ODD_IDS.length);
      assert.deepEqual(idsOf(again).toSorted(), ODD_IDS.toSorted());
      assert.equal(await outbox.acknowledge(again), ODD_IDS.length);
    },
  },
  {
    name: 'refuses a transaction that it cannot join',
    async run(stage) {
      const [event] = stage.events(1);
      assert.ok(event);
      const append = async () =>
        stage.outbox.append([event], { transaction: { commit() {} } });
      await assert.rejects(append, { code: 'outboxFailed' });
      assert.equal((await stage.outbox.counts()).pending, 0);
    },
  },
  {
    name: 'keeps the whole of a list or nothing of it when it is closed meanwhile',
    needs: 'reopen',
    async run(stage) {
      const lists = [2000, 1, 1200].map((count, index) =>
        stage.events(count, `list-${index}`),
      );
      const appended = lists.map((events) =>
        settled(() => stage.outbox.append(events)),
      );
      await stage.close(stage.outbox);
      const accepted = await Promise.all(appended);
      const next = await stage.another();
      const found = new Map<string, number>();
      for (;;) {
        const claimed = await stage.claim(500, next);
        if (claimed.length === 0) break;
        for (const { id } of claimed) {
          const list = id.slice(0, 'list-0'.length);
          found.set(list, (found.get(list) ?? 0) + 1);
        }
        await next.acknowledge(claimed);
      }
      for (const [index, events] of lists.entries()) {
        const count = found.get(`list-${index}`) ?? 0;
        assert.ok(
          count === events.length || (count === 0 && !accepted[index]),
          `${count} of ${events.length} events were kept`,
        );
      }
    },
  },
  {
    name: 'loses no outcome when it is closed meanwhile',
    needs: 'reopen',
    async run(stage) {
      const { outbox } = stage;
      await stage.append(30);
      const cause = { reason: 'rejected', message: 'no' } as const;
      const [done, dead, back] = [
        await stage.claim(10),
        await stage.claim(10),
        await stage.claim(10),
      ];
      const told = [
        settled(() => outbox.acknowledge(done)),
        settled(() => outbox.deadLetter(dead, cause)),
        settled(() => outbox.release(back, { delay: 0, failed: true })),
      ];
      await stage.close(outbox);
      const [acknowledged, deadLettered] = await Promise.all(told);
      const { pending, deadLetters } = await (await stage.another()).counts();
      assert.deepEqual(
        { pending, deadLetters },
        {
          pending: 30 - (acknowledged ? 10 : 0) - (deadLettered ? 10 : 0),
          deadLetters: deadLettered ? 10 : 0,
        },
      );
    },
  },
];

/** Begins at once; resolves to whether it was done. */
async function settled(work: () => MaybePromise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    return false;
  }
}
