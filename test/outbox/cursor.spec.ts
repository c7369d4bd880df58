import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { memoryOutbox, type OdpOutbox } from '../../src/index.js';
import { fileOutbox } from '../../src/outbox/file/index.js';
import { LEASE, quietContext, someEvents } from '../support/outboxes.js';
import { sharedStores } from '../support/shared-stores.js';

interface Subject {
  readonly outbox: OdpOutbox;
  remove(): Promise<void>;
}

const stores = await sharedStores();

const subjects: [name: string, make: () => Promise<Subject>][] = [
  ['memory', async () => ({ outbox: memoryOutbox(), remove: async () => {} })],
  [
    'file',
    async () => {
      const path = await mkdtemp(join(tmpdir(), 'odp-cursor-'));
      return {
        outbox: fileOutbox({ path }),
        remove: () => rm(path, { recursive: true }),
      };
    },
  ],
  ...stores.map(({ name, place, service }): (typeof subjects)[number] => [
    name,
    async () => {
      const there = place(service.url);
      return {
        outbox: there.instance(),
        remove: () => Promise.resolve(there.remove()),
      };
    },
  ]),
];

afterAll(async () => {
  for (const { service } of stores) await service.stop();
});

describe.each(subjects)('%s outbox: the cursor of a list', (_, make) => {
  it.each(['', 'abc', '-1', '1.5', "1' OR 1", '9'.repeat(30), '1-x'])(
    'is refused by its name unless it can be one: %j',
    async (after) => {
      const { outbox, remove } = await make();
      await outbox.open(quietContext());
      try {
        await expect(
          (async () => outbox.deadLetters({}, { limit: 1, after }))(),
        ).rejects.toMatchObject({
          code: 'invalidEvent',
          violations: [{ path: 'filter.after' }],
          message: expect.stringContaining('leave after out') as string,
        });
      } finally {
        await outbox.close();
        await remove();
      }
    },
  );

  it('may be of a letter that is gone', async () => {
    const { outbox, remove } = await make();
    await outbox.open(quietContext());
    try {
      await outbox.append(someEvents(2));
      const claimed = await outbox.claim({ limit: 2, lease: LEASE });
      const cause = { reason: 'rejected', message: 'no' } as const;
      await outbox.deadLetter(claimed, cause);
      const [first] = await outbox.deadLetters({}, { limit: 1 });
      await outbox.purge({ ids: ['event-0'] });
      const rest = await outbox.deadLetters(
        {},
        { limit: 2, after: first?.cursor },
      );
      expect(rest).toMatchObject([{ id: 'event-1' }]);
    } finally {
      await outbox.close();
      await remove();
    }
  });
});
