import { resolve } from 'node:path';
import { OdpOutboxError } from '../../errors/index.js';
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
  type OutboxStore,
  type StoredDeadLetter,
} from '../outbox.js';
import type { StoredLetter } from './dead-letters.js';
import { FileClaims } from './file-claims.js';
import type { FileOutboxOptions } from './file-outbox.options.js';
import { closeStore, type OpenedStore, openStore } from './opened-store.js';

interface Opened extends OpenedStore {
  readonly events: FileClaims;
}

/** Keeps events in a directory. See {@link fileOutbox}. */
export class FileOutbox extends OdpOutbox {
  readonly name: string;
  readonly durability = 'machine';
  override readonly store: OutboxStore;

  readonly #options: FileOutboxOptions;
  #opening = false;
  #opened: Opened | undefined;

  constructor(options: FileOutboxOptions) {
    super();
    this.#options = options;
    this.name = `file ${options.path}`;
    this.store = {
      client: undefined,
      place: resolve(options.path),
      option: 'fileOutbox.path',
    };
  }

  async open(context: OutboxContext): Promise<void> {
    if (this.#opening || this.#opened !== undefined) {
      throw alreadyServes('fileOutbox()', 'a path');
    }
    this.#opening = true;
    try {
      const opened = await openStore(this.#options, context);
      this.#opened = { ...opened, events: new FileClaims(opened) };
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
    return this.#use().events.claim(request);
  }

  acknowledge(events: readonly ClaimedEvent[]): number {
    return this.#use().events.acknowledge(events);
  }

  release(
    events: readonly ClaimedEvent[],
    options: { delay: number; failed: boolean },
  ): void {
    this.#use().events.release(events, options);
  }

  async deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): Promise<number> {
    return this.#use().events.deadLetter(events, cause, (page) =>
      this.#delete(page),
    );
  }

  checkpoint(): OutboxCheckpoint {
    const { checkpoints, backlog, capacity } = this.#use();
    return checkpoints.mark(backlog.nextSequence, capacity.pending);
  }

  async counts(): Promise<OutboxCounts> {
    const { store, backlog, claims, capacity, deadLetters, context } =
      this.#use();
    await store.assertThere();
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

  async trimDeadLetters(): Promise<void> {
    await this.#use().deadLetters.trim((page) => this.#delete(page));
  }

  async purge(filter: DeadLetterFilter): Promise<number> {
    return this.#use().deadLetters.removeMatching(filter, (page) =>
      this.#delete(page),
    );
  }

  async erase(
    identifiers: Readonly<Record<string, string>>,
  ): Promise<ErasedEvents> {
    const { deadLetters, events, space } = this.#use();
    const pending = await events.erase(({ payload }) =>
      namesIdentifier(payload, identifiers),
    );
    const removed = await deadLetters.erase(identifiers, (page) =>
      this.#delete(page),
    );
    space.purge();
    return { pending, deadLetters: removed };
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#opened = undefined;
    await closeStore(opened);
  }

  #use(): Opened {
    if (this.#opened !== undefined) return this.#opened;
    throw new OdpOutboxError(
      `The file outbox at ${this.#options.path} is not open. Await what sends events before the app shuts down.`,
    );
  }

  /** Requeues as many of these as there is capacity for. */
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
