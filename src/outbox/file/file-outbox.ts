import { OdpOutboxError } from '../../errors/index.js';
import { LeaseLedger } from '../lease-ledger.js';
import {
  type AppendOptions,
  type DeadLetterCause,
  type ClaimedEvent,
  type ClaimRequest,
  type StoredDeadLetter,
  type DeadLetterFilter,
  OdpOutbox,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
} from '../outbox.js';
import { Backlog } from './backlog.js';
import type { Chunk, StoredEvent } from './chunk.js';
import { FileDeadLetters, type StoredLetter } from './dead-letters.js';
import type { FileOutboxOptions } from './file-outbox.options.js';
import { checkFormat } from './format.js';
import { GroupCommit } from './group-commit.js';
import { LevelStore } from './level-store.js';
import { Room } from './room.js';
import { Space } from './space.js';

/** What there is while it is open. */
interface Opened {
  readonly context: OutboxContext;
  readonly store: LevelStore;
  readonly backlog: Backlog;
  readonly room: Room;
  readonly ledger: LeaseLedger<StoredEvent>;
  readonly deadLetters: FileDeadLetters;
  readonly commits: GroupCommit;
  readonly space: Space;
}

/** Keeps events in a directory. See {@link fileOutbox}. */
export class FileOutbox extends OdpOutbox {
  readonly name: string;
  readonly survives = 'a crash, kill -9 or reboot of this machine';

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
      throw new OdpOutboxError(
        'This fileOutbox() already serves an account. Give each account an outbox with a path of its own.',
      );
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
    if (transaction !== undefined) {
      throw new OdpOutboxError(
        'The file outbox cannot join a transaction. Use postgresOutbox(), or send without { transaction }.',
      );
    }
    const { room, commits } = this.#use();
    if (events.length === 0) return;
    const { stored, refused } = room.enter(events);
    try {
      await commits.commit({ events, stored });
    } catch (error) {
      refused();
      throw error;
    }
  }

  claim(
    request: ClaimRequest,
  ): readonly ClaimedEvent[] | Promise<readonly ClaimedEvent[]> {
    const { backlog, ledger, commits, context } = this.#use();
    const { limit } = request;
    const lend = () =>
      ledger.lend(request, context.now(), () => backlog.next());
    const read = backlog.starved
      ? // What was acknowledged makes room in memory once it is deleted.
        commits.settle().then(() => backlog.prepare(limit))
      : backlog.prepare(limit);
    if (read === undefined) return lend();
    return read.then(lend, (error: unknown) => {
      const inMemory = lend();
      if (inMemory.length === 0) throw error;
      return inMemory;
    });
  }

  acknowledge(events: readonly ClaimedEvent[]): number {
    const { ledger, commits, room } = this.#use();
    let count = 0;
    for (const claimed of events) {
      const event = ledger.settle(claimed);
      if (event === undefined) continue;
      event.chunk.finish(event.index);
      commits.changed(event.chunk);
      count++;
    }
    room.left(count);
    return count;
  }

  release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): void {
    const { ledger, commits, context } = this.#use();
    const back: StoredEvent[] = [];
    for (const claimed of events) {
      const event = ledger.settle(claimed);
      if (event === undefined) continue;
      if (failed) {
        const failedAttempts = event.failedAttempts + 1;
        event.chunk.countTry(event.index, failedAttempts);
        commits.changed(event.chunk);
        back.push({ ...event, failedAttempts });
      } else {
        back.push(event);
      }
    }
    ledger.giveBack(back, context.now() + delay);
  }

  async deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): Promise<number> {
    const { ledger, commits, deadLetters, room, context } = this.#use();
    const settled = new Map<ClaimedEvent, StoredEvent>();
    for (const claimed of events) {
      const event = ledger.settle(claimed);
      if (event !== undefined) settled.set(claimed, event);
    }
    if (settled.size === 0) return 0;
    const deadLetteredAt = context.now();
    const letters = [...settled.values()].map(
      ({ id, payload, createdAt, failedAttempts }): StoredDeadLetter => ({
        id,
        payload,
        createdAt,
        failedAttempts,
        deadLetteredAt,
        ...cause,
      }),
    );
    const changes = () => {
      for (const { chunk, index } of settled.values()) {
        chunk.finish(index);
        commits.changed(chunk);
      }
      return deadLetters.entriesOf(letters);
    };
    const stored = () => {
      room.left(letters.length);
      deadLetters.added(letters.length);
    };
    try {
      await commits.commit({ events: [], changes, stored });
    } catch (error) {
      for (const [claimed, event] of settled) {
        event.chunk.revive(event.index);
        ledger.hold(claimed, event);
      }
      throw error;
    }
    await deadLetters.trim((page) => this.#delete(page));
    return letters.length;
  }

  async counts(): Promise<OutboxCounts> {
    const { backlog, ledger, room, deadLetters } = this.#use();
    if (ledger.oldest === undefined && backlog.oldest === undefined) {
      await backlog.prepare(1);
    }
    const oldest = Math.min(
      ledger.oldest ?? Infinity,
      backlog.oldest ?? Infinity,
    );
    return {
      pending: room.pending,
      oldest: oldest === Infinity ? undefined : oldest,
      deadLetters: deadLetters.count,
    };
  }

  deadLetters(
    filter: DeadLetterFilter,
    limit: number,
  ): Promise<readonly StoredDeadLetter[]> {
    return this.#use().deadLetters.list(filter, limit);
  }

  async requeue(filter: DeadLetterFilter): Promise<number> {
    const { deadLetters, context } = this.#use();
    const count = await deadLetters.removeAll(filter, (page) =>
      this.#requeue(page),
    );
    if (count > 0) context.ready();
    return count;
  }

  async purge(filter: DeadLetterFilter): Promise<number> {
    return this.#use().deadLetters.removeAll(filter, (page) =>
      this.#delete(page),
    );
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

  async #open(context: OutboxContext): Promise<Opened> {
    const { path, capacity } = this.#options;
    const store = await LevelStore.open(path);
    try {
      await checkFormat(store, path);
      const { backlog, count, size } = await Backlog.open(store);
      const deadLetters = await FileDeadLetters.open(store, capacity);
      const room = new Room(capacity, count, size);
      const space = new Space(store);
      const gone = (chunks: readonly Chunk[]) => {
        let freed = 0;
        for (const chunk of chunks) {
          backlog.drop(chunk);
          freed += chunk.size;
        }
        room.freed(freed);
        space.freed(freed, backlog.start, room.pending === 0);
        if (backlog.starved) context.ready();
      };
      const commits = new GroupCommit(store, backlog, gone);
      const ledger = new LeaseLedger<StoredEvent>();
      return {
        context,
        store,
        backlog,
        room,
        ledger,
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
    const { room, commits, context } = this.#use();
    const createdAt = context.now();
    const all = page.map(({ letter: { id, payload } }) => ({
      id,
      payload,
      createdAt,
    }));
    const events = all.slice(0, room.fitting(all));
    if (events.length === 0) return 0;
    const taken = page.slice(0, events.length);
    const changes = () => taken.map(({ deletion }) => deletion);
    const { stored, refused } = room.enter(events);
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
