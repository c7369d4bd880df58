import { OdpOutboxError } from '../../errors/index.js';
import { Checkpoints } from '../checkpoints.js';
import { Claims } from '../claims.js';
import type { OutboxContext } from '../outbox.js';
import { Backlog } from './backlog.js';
import type { Chunk, StoredEvent } from './chunk.js';
import { DiskSpace } from './disk-space.js';
import { FileDeadLetters } from './dead-letters.js';
import { FileCapacity } from './file-capacity.js';
import type { FileOutboxOptions } from './file-outbox.options.js';
import { checkFormat } from './format.js';
import { GroupCommit } from './group-commit.js';
import { LevelStore } from './level-store.js';
import { Space } from './space.js';

/** The parts of an open file outbox. */
export interface OpenedStore {
  readonly context: OutboxContext;
  readonly store: LevelStore;
  readonly backlog: Backlog;
  readonly capacity: FileCapacity;
  readonly claims: Claims<StoredEvent>;
  readonly checkpoints: Checkpoints;
  readonly deadLetters: FileDeadLetters;
  readonly commits: GroupCommit;
  readonly space: Space;
  /** Which chunks are deleted. */
  readonly gone: GoneChunks;
}

/** Tells those who must know which chunks are deleted. */
export class GoneChunks {
  readonly #watchers = new Set<(number: number) => void>();

  add(number: number): void {
    for (const watch of this.#watchers) watch(number);
  }

  /** @returns what ends it */
  watch(watcher: (number: number) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

/** @throws OdpOutboxError when the directory cannot be used */
export async function openStore(
  { path, capacity }: FileOutboxOptions,
  context: OutboxContext,
): Promise<OpenedStore> {
  const store = await LevelStore.open(path, (problem) => context.warn(problem));
  try {
    await checkFormat(store, path);
    const { backlog, count, size } = await Backlog.open(store, context);
    const deadLetters = await FileDeadLetters.open(store, context);
    const used = new FileCapacity(capacity, count, size);
    const disk = new DiskSpace(
      path,
      () => context.monotonic(),
      () => store.assertThere(),
    );
    const goneChunks = new GoneChunks();
    const gone = (chunks: readonly Chunk[]) => {
      let freed = 0;
      for (const chunk of chunks) {
        goneChunks.add(chunk.number);
        backlog.freed(chunk.inMemory);
        freed += chunk.size;
      }
      used.freed(freed);
      space.freed(freed, backlog.start, {
        idle: used.pending === 0,
        diskIsFull: disk.isFull,
      });
      if (backlog.starved) context.ready();
    };
    const commits = new GroupCommit(store, backlog, disk, gone);
    const space = new Space(store, (changes) =>
      commits.commit({ events: [], changes: () => changes }),
    );
    return {
      context,
      store,
      backlog,
      capacity: used,
      claims: new Claims<StoredEvent>(),
      checkpoints: new Checkpoints(),
      deadLetters,
      commits,
      gone: goneChunks,
      space,
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Closes it once everything under way is stored. */
export async function closeStore({
  commits,
  backlog,
  space,
  store,
}: OpenedStore): Promise<void> {
  await commits.flush();
  await backlog.idle();
  await space.idle();
  const { isBehind } = commits;
  await store.close();
  if (isBehind) {
    throw new OdpOutboxError(
      'What was delivered last could not be recorded, and those events will be sent again after the next start, with the same idempotence_id. Free some space on the disk, or make it writable, before that.',
    );
  }
}
