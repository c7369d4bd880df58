import { quietContext } from '../../../test/support/outboxes.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Backlog } from './backlog.js';
import { GroupCommit } from './group-commit.js';
import { type Change, LevelStore } from './level-store.js';

const events = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `${prefix}-${index}`,
    payload: '{}',
    createdAt: 1,
  }));

it('forgets with the next write what a failed one may have left on the disk', async () => {
  const path = await mkdtemp(join(tmpdir(), 'odp-group-commit-'));
  const level = await LevelStore.open(path);
  // A disk that stores what it is given and then fails to say so.
  let fails = true;
  const store = {
    async write(changes: readonly Change[], sync: boolean) {
      await level.write(changes, sync);
      if (fails) throw new Error('fsync failed');
    },
  };
  const { backlog } = await Backlog.open(level, quietContext());
  const commits = new GroupCommit(store, backlog, { take: () => {} }, () => {});
  await expect(
    commits.commit({ events: events('refused', 1700) }),
  ).rejects.toThrow('fsync failed');
  fails = false;
  await commits.commit({ events: events('accepted', 1) });

  const found = await Backlog.open(level, quietContext());
  expect(found.count).toBe(1);
  await found.backlog.prepare(10);
  expect(found.backlog.shift()?.id).toBe('accepted-0');
  expect(found.backlog.shift()).toBeUndefined();
  expect(await level.read((db) => db.keys().all())).toHaveLength(2);
  await level.close();
  await rm(path, { recursive: true });
});
