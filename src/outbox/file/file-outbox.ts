import { OdpOutboxError } from '../../errors/index.js';
import { Checkpoints } from '../checkpoints.js';
import { Claims } from '../claims.js';
import { alreadyServes, refuseTransaction } from '../guards.js';
import { namesIdentifier } from '../names-identifier.js';
import {
  type AppendOptions,
  type ClaimedEvent,
  type ClaimRequest,
  type DeadLetterCause,
  type DeadLetterFilter,
  type DeadLetterPage,
  type ErasedEvents,
  type MaybePromise,
  OdpOutbox,
  type OutboxCheckpoint,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
  type StoredDeadLetter,
} from '../outbox.js';
import { Backlog } from './backlog.js';
import type { Chunk, StoredEvent } from './chunk.js';
import { FileDeadLetters, type StoredLetter } from './dead-letters.js';
import { FileCapacity } from './file-capacity.js';
import type { FileOutboxOptions } from './file-outbox.options.js';
import { checkFormat } from './format.js';
import { GroupCommit } from './group-commit.js';
import { type Change, LevelStore } from './level-store.js';
import { Space } from './space.js';

/** What there is while it is open. */
interface Opened {
  readonly context: OutboxContext;
  readonly store: LevelStore;
  readonly backlog: Backlog;
  readonly capacity: FileCapacity;
  readonly claims: Claims<StoredEvent>;
  readonly checkpoints: Checkpoints;
  readonly deadLetters: FileDeadLetters;
  readonly commits: GroupCommit;
  readonly space: Space;
}

/** Keeps events in a directory. See {@link fileOutbox}. */
export class FileOutbox extends OdpOutbox {
  readonly name: string;
  readonly durability = 'machine';

  readonly #options: FileOutboxOptions;
  #opening = false;
  #opened: Opened | undefined;

  constructor(options: FileOutboxOptions) {
    super();
    this.#options = options;
    this.name = `file ${options.path}`;
  }

  async open(context: OutboxContext): Promise<void> {
    if (this.#opening || this.#opened !== undefined) {
      throw alreadyServes('fileOutbox()', 'a path');
    }
    this.#opening = true;
    try {
      this.#opened = await this.#open(context);
    } finally {
      this.#opening = false;
    }
  }

  async append(
    events: readonly OutboxEvent[],
    { transaction }: AppendOptions = {},
  ): Promise<void> {
    refuseTransaction('file', transaction);
    const { capacity, commits } = this.#use();
    if (events.length === 0) return;
    const { stored, refused } = capacity.enter(events);
    try {
      await commits.commit({ events, stored });
    } catch (error) {
      refused();
      throw error;
    }
  }

  claim(request: ClaimRequest): MaybePromise<readonly ClaimedEvent[]> {
    const { backlog, claims, commits, context } = this.#use();
    const { limit } = request;
    const claim = () => claims.claim(request, context.monotonic(), backlog);
    const read = backlog.starved
      ? // What was acknowledged makes room in memory once it is deleted.
        commits.settle().then(() => backlog.prepare(limit))
      : backlog.prepare(limit);
    if (read === undefined) return claim();
    return read.then(claim, (error: unknown) => {
      const inMemory = claim();
      if (inMemory.length === 0) throw error;
      return inMemory;
    });
  }

  acknowledge(events: readonly ClaimedEvent[]): number {
    const { commits } = this.#use();
    const ended = [...this.#end(events).values()];
    for (const event of ended) {
      event.chunk.finish(event.index);
      commits.changed(event.chunk);
    }
    this.#forget(ended);
    return ended.length;
  }

  release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): void {
    const { claims, commits, context } = this.#use();
    let released = [...this.#end(events).values()];
    if (failed) {
      released = released.map((event) => {
        const failedAttempts = event.failedAttempts + 1;
        event.chunk.countFailure(event.index, failedAttempts);
        commits.changed(event.chunk);
        return { ...event, failedAttempts };
      });
    }
    claims.release(released, context.monotonic() + delay);
  }

  async deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): Promise<number> {
    const { claims, commits, deadLetters, context } = this.#use();
    const ended = this.#end(events);
    if (ended.size === 0) return 0;
    const deadLetteredAt = context.now();
    const letters = [...ended.values()].map(
      ({ id, payload, createdAt, failedAttempts }) => ({
        id,
        payload,
        createdAt,
        failedAttempts,
        deadLetteredAt,
        ...cause,
      }),
    );
    let entries: Change[] = [];
    const changes = () => {
      for (const { chunk, index } of ended.values()) {
        chunk.finish(index);
        commits.changed(chunk);
      }
      entries = deadLetters.entriesOf(letters);
      return entries;
    };
    const stored = () => {
      this.#forget([...ended.values()]);
      deadLetters.added(entries);
    };
    try {
      await commits.commit({ events: [], changes, stored });
    } catch (error) {
      for (const [claimed, event] of ended) {
        event.chunk.unfinish(event.index);
        claims.resume(claimed, event);
      }
      throw error;
    }
    await deadLetters.trim((page) => this.#delete(page));
    return letters.length;
  }

  checkpoint(): OutboxCheckpoint {
    const { checkpoints, backlog, capacity } = this.#use();
    return checkpoints.mark(backlog.nextSequence, capacity.pending);
  }

  async counts(): Promise<OutboxCounts> {
    const { backlog, claims, capacity, deadLetters, context } = this.#use();
    if (claims.oldest === undefined && backlog.oldest === undefined) {
      await backlog.prepare(1);
    }
    const oldest = Math.min(
      claims.oldest ?? Infinity,
      backlog.oldest ?? Infinity,
    );
    return {
      pending: capacity.pending,
      oldestAge:
        oldest === Infinity
          ? undefined
          : Math.max(context.monotonic() - oldest, 0),
      deadLetters: deadLetters.count,
    };
  }

  deadLetters(
    filter: DeadLetterFilter,
    page: DeadLetterPage,
  ): Promise<readonly StoredDeadLetter[]> {
    return this.#use().deadLetters.list(filter, page);
  }

  async requeue(filter: DeadLetterFilter, limit?: number): Promise<number> {
    const { deadLetters, context } = this.#use();
    const count = await deadLetters.removeMatching(
      filter,
      (page) => this.#requeue(page),
      limit,
    );
    if (count > 0) context.ready();
    return count;
  }

  async purge(filter: DeadLetterFilter): Promise<number> {
    return this.#use().deadLetters.removeMatching(filter, (page) =>
      this.#delete(page),
    );
  }

  async erase(
    identifiers: Readonly<Record<string, string>>,
  ): Promise<ErasedEvents> {
    const { backlog, claims, commits, deadLetters } = this.#use();
    const named = ({ payload }: OutboxEvent) =>
      namesIdentifier(payload, identifiers);
    const onDisk: StoredEvent[] = [];
    for await (const chunk of backlog.unread()) {
      for (const event of chunk.pending()) if (named(event)) onDisk.push(event);
    }
    const inMemory = [...backlog.remove(named), ...claims.remove(named)];
    const erased = [...inMemory, ...onDisk];
    for (const { chunk, index } of erased) {
      chunk.finish(index);
      commits.changed(chunk);
    }
    this.#forget(inMemory);
    this.#count(onDisk);
    // Resolves when what was changed before it is on the disk.
    await commits.commit({ events: [] });
    return {
      pending: erased.length,
      deadLetters: await deadLetters.erase(identifiers, (page) =>
        this.#delete(page),
      ),
    };
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#opened = undefined;
    await opened.commits.settle();
    await opened.backlog.settle();
    await opened.space.settle();
    await opened.store.close();
  }

  #use(): Opened {
    if (this.#opened !== undefined) return this.#opened;
    throw new OdpOutboxError(
      `The file outbox at ${this.#options.path} is not open. Await what sends events before the app shuts down.`,
    );
  }

  #end(events: readonly ClaimedEvent[]): Map<ClaimedEvent, StoredEvent> {
    const { claims } = this.#use();
    const ended = new Map<ClaimedEvent, StoredEvent>();
    for (const claimed of events) {
      const event = claims.end(claimed);
      if (event !== undefined) ended.set(claimed, event);
    }
    return ended;
  }

  /** These are finished, and nothing of them is needed in memory. */
  #forget(events: readonly StoredEvent[]): void {
    let freed = 0;
    for (const { chunk, index } of events) freed += chunk.forget(index);
    this.#use().backlog.freed(freed);
    this.#count(events);
  }

  /** These are no longer pending. */
  #count(events: readonly StoredEvent[]): void {
    const { capacity, checkpoints } = this.#use();
    capacity.left(events.length);
    for (const { sequence } of events) checkpoints.forgotten(sequence);
  }

  async #open(context: OutboxContext): Promise<Opened> {
    const { path, capacity } = this.#options;
    const store = await LevelStore.open(path);
    try {
      await checkFormat(store, path);
      const { backlog, count, size } = await Backlog.open(store, context);
      const deadLetters = await FileDeadLetters.open(store, context);
      const used = new FileCapacity(capacity, count, size);
      const space = new Space(store);
      const gone = (chunks: readonly Chunk[]) => {
        let freed = 0;
        for (const chunk of chunks) {
          backlog.freed(chunk.inMemory);
          freed += chunk.size;
        }
        used.freed(freed);
        space.freed(freed, backlog.start, used.pending === 0);
        if (backlog.starved) context.ready();
      };
      const commits = new GroupCommit(store, backlog, gone);
      return {
        context,
        store,
        backlog,
        capacity: used,
        claims: new Claims<StoredEvent>(),
        checkpoints: new Checkpoints(),
        deadLetters,
        commits,
        space,
      };
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Makes as many of these pending again as there is room for. */
  async #requeue(page: readonly StoredLetter[]): Promise<number> {
    const { capacity, commits, context } = this.#use();
    const createdAt = context.now();
    const all = page.map(({ letter: { id, payload } }) => ({
      id,
      payload,
      createdAt,
    }));
    const events = all.slice(0, capacity.fitting(all));
    if (events.length === 0) return 0;
    const taken = page.slice(0, events.length);
    const changes = () => taken.map(({ deletion }) => deletion);
    const { stored, refused } = capacity.enter(events);
    try {
      await commits.commit({ events, changes, stored });
    } catch (error) {
      refused();
      throw error;
    }
    return events.length;
  }

  async #delete(page: readonly StoredLetter[]): Promise<number> {
    const changes = page.map(({ deletion }) => deletion);
    await this.#use().commits.commit({ events: [], changes: () => changes });
    return page.length;
  }
}
