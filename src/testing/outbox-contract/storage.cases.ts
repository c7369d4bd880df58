import assert from 'node:assert/strict';
import type { OutboxEvent } from '../../outbox/outbox.js';
import { idsOf, LEASE, type StagedCase } from './stage.js';

/** Storing events, and handing them out unchanged. */
export const storageCases: readonly StagedCase[] = [
  {
    name: 'is empty at first',
    async run(stage) {
      const { outbox } = stage;
      assert.deepEqual(await outbox.counts(), {
        pending: 0,
        oldestAge: undefined,
        deadLetters: 0,
      });
      assert.deepEqual(idsOf(await stage.claim(10)), []);
      assert.deepEqual(idsOf(await outbox.deadLetters({}, { limit: 10 })), []);
    },
  },
  {
    name: 'hands events out in the order they were appended, as they were, without failed attempts',
    async run(stage) {
      const events = [
        ...(await stage.append(3, 'first')),
        ...(await stage.append(2, 'second')),
      ];
      const claimed = await stage.claim(10);
      assert.deepEqual(
        claimed.map(({ id, payload, createdAt }) => ({
          id,
          payload,
          createdAt,
        })),
        events,
      );
      assert.deepEqual(
        claimed.map(({ failedAttempts }) => failedAttempts),
        [0, 0, 0, 0, 0],
      );
    },
  },
  {
    name: 'hands out no more than asked for, the oldest first',
    async run(stage) {
      const ids = idsOf(await stage.append(5));
      assert.deepEqual(idsOf(await stage.claim(2)), ids.slice(0, 2));
      assert.deepEqual(idsOf(await stage.claim(1)), ids.slice(2, 3));
      assert.deepEqual(idsOf(await stage.claim(10)), ids.slice(3));
    },
  },
  {
    name: 'forgets what is acknowledged, and returns how many',
    async run(stage) {
      await stage.append(3);
      const claimed = await stage.claim(2);
      assert.equal(await stage.outbox.acknowledge(claimed), 2);
      assert.equal((await stage.outbox.counts()).pending, 1);
      assert.equal(await stage.outbox.acknowledge(claimed), 0);
      assert.equal((await stage.outbox.counts()).pending, 1);
    },
  },
  {
    name: 'acknowledges some of a claim and keeps the others leased',
    async run(stage) {
      const ids = idsOf(await stage.append(4));
      const claimed = await stage.claim(4);
      const even = claimed.filter((_, index) => index % 2 === 0);
      assert.equal(await stage.outbox.acknowledge(even), 2);
      assert.deepEqual(idsOf(await stage.claim(4)), []);
      await stage.outbox.release(claimed, { delay: 0, failed: false });
      assert.deepEqual(idsOf(await stage.claim(4)), [ids[1], ids[3]]);
    },
  },
  {
    name: 'counts pending events, claimed ones included',
    async run(stage) {
      const { outbox } = stage;
      assert.deepEqual(await outbox.counts(), {
        pending: 0,
        oldestAge: undefined,
        deadLetters: 0,
      });
      await stage.append(2);
      const [old] = await stage.claim(1);
      assert.ok(old);
      assert.equal((await outbox.counts()).pending, 2);
      await outbox.acknowledge([old]);
      assert.equal((await outbox.counts()).pending, 1);
    },
  },
  {
    name: 'keeps two events with the same id apart',
    async run(stage) {
      const twins = ['left', 'right'].map((payload): OutboxEvent => ({
        id: 'same',
        payload: JSON.stringify(payload),
        createdAt: stage.now,
      }));
      await stage.outbox.append(twins);
      const [left] = await stage.claim(1);
      const [right] = await stage.claim(1);
      assert.ok(left && right);
      assert.deepEqual(
        [left.payload, right.payload],
        twins.map(({ payload }) => payload),
      );
      assert.equal(await stage.outbox.acknowledge([left]), 1);
      assert.equal((await stage.outbox.counts()).pending, 1);
      assert.equal(await stage.outbox.acknowledge([right]), 1);
      assert.equal((await stage.outbox.counts()).pending, 0);
    },
  },
  {
    name: 'keeps payloads byte for byte, small and large',
    async run(stage) {
      const texts = [
        '',
        `"'\`\\ /* ; -- $1 %s {} []`,
        'line\r\nline\ttab \u2028 \u2029 \u0000 \u001f',
        'Grüße 你好 العربية 😀 e\u0301 \u{10ffff}',
        '😀"\n'.repeat(60_000),
      ];
      const events = texts.map((text, index) => ({
        id: `id-${index} "'\\ ü😀`,
        payload: JSON.stringify({ text }),
        createdAt: stage.now,
      }));
      await stage.outbox.append(events);
      const claimed = await stage.claim(texts.length);
      assert.deepEqual(
        claimed.map(({ payload }) => payload),
        events.map(({ payload }) => payload),
      );
      assert.deepEqual(idsOf(claimed), idsOf(events));
    },
  },
  {
    name: 'takes empty lists',
    async run(stage) {
      const { outbox } = stage;
      await outbox.append([]);
      assert.equal(await outbox.acknowledge([]), 0);
      await outbox.release([], { delay: 0, failed: true });
      assert.equal(
        await outbox.deadLetter([], { reason: 'rejected', message: 'none' }),
        0,
      );
      assert.deepEqual([...(await outbox.outcomes([]))], []);
      assert.equal((await outbox.counts()).pending, 0);
    },
  },
  {
    name: 'claims no more bytes than asked for, but always one event',
    async run(stage) {
      const payload = JSON.stringify({ data: { text: 'ü'.repeat(500) } });
      const events = stage.events(4).map((event) => ({ ...event, payload }));
      await stage.outbox.append(events);
      const claim = async (maxBytes: number) =>
        idsOf(await stage.outbox.claim({ limit: 10, lease: 1000, maxBytes }));
      assert.deepEqual(await claim(2 * Buffer.byteLength(payload)), [
        'event-0',
        'event-1',
      ]);
      assert.deepEqual(await claim(1), ['event-2']);
      assert.deepEqual(await claim(1_000_000), ['event-3']);
    },
  },
  {
    name: 'knows how old events are, and claims only those of an age',
    async run(stage) {
      const { outbox } = stage;
      await stage.append(1, 'old');
      let minAge = 0;
      // A server's clock cannot be moved, but it moves by itself.
      for (let tries = 0; minAge < 20 && tries < 100_000; tries++) {
        await stage.advance(1);
        ({ oldestAge: minAge = 0 } = await outbox.counts());
      }
      await stage.append(1, 'new');
      const tooOld = { limit: 10, lease: LEASE, minAge: 1_000_000_000 };
      assert.deepEqual(idsOf(await outbox.claim(tooOld)), []);
      const claimed = await outbox.claim({ limit: 10, lease: LEASE, minAge });
      assert.equal(claimed[0]?.id, 'old-0');
      for (const { id, age } of claimed) {
        assert.ok(age >= minAge, `${id} is ${age} ms old, not ${minAge}`);
      }
    },
  },
  {
    name: 'counts down what was pending at a checkpoint, and nothing later',
    async run(stage) {
      const { outbox } = stage;
      await stage.append(2, 'before');
      const checkpoint = await outbox.checkpoint();
      await stage.append(2, 'after');
      assert.equal(await checkpoint.pending(), 2);
      const [first, second] = await stage.claim(2);
      assert.ok(first && second);
      await outbox.acknowledge([first]);
      assert.equal(await checkpoint.pending(), 1);
      await outbox.release([second], { delay: 0, failed: true });
      assert.equal(await checkpoint.pending(), 1);
      await outbox.acknowledge(await stage.claim(2));
      assert.equal(await checkpoint.pending(), 0);
      assert.equal((await outbox.counts()).pending, 1);
      checkpoint.close();
    },
  },
];
