import type {
  ClaimedEvent,
  ClaimRequest,
  DeadLetterCause,
  MaybePromise,
  OutboxEvent,
} from '../outbox.js';
import { Chunk, type StoredEvent } from './chunk.js';
import { bodyKey } from './format.js';
import type { StoredLetter } from './dead-letters.js';
import type { Change } from './level-store.js';
import type { OpenedStore } from './opened-store.js';

/** Operations on the pending events of an open file outbox. */
export class FileClaims {
  readonly #opened: OpenedStore;

  constructor(opened: OpenedStore) {
    this.#opened = opened;
  }

  claim(request: ClaimRequest): MaybePromise<readonly ClaimedEvent[]> {
    const { backlog, claims, commits, context } = this.#opened;
    const { limit } = request;
    const claim = () => claims.claim(request, context.monotonic(), backlog);
    const read = backlog.starved
      ? // Acknowledged events free memory once they are deleted.
        commits.flush().then(() => backlog.prepare(limit))
      : backlog.prepare(limit);
    if (read === undefined) return claim();
    return read.then(claim, (error: unknown) => {
      const inMemory = claim();
      if (inMemory.length === 0) throw error;
      return inMemory;
    });
  }

  acknowledge(events: readonly ClaimedEvent[]): number {
    const ended = [...this.#end(events).values()];
    this.#finish(ended);
    this.#forget(ended);
    return ended.length;
  }

  release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): void {
    const { claims, commits, context } = this.#opened;
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

  /** @param remove deletes dead letters beyond retention */
  async deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
    remove: (page: readonly StoredLetter[]) => Promise<number>,
  ): Promise<number> {
    const { claims, commits, deadLetters, context } = this.#opened;
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
      this.#finish(ended.values());
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
    await deadLetters.trim(remove);
    return letters.length;
  }

  /** Forgets events that meet a condition, claimed or not; resolves when that is on the disk. */
  async erase(condition: (event: OutboxEvent) => boolean): Promise<number> {
    const { backlog, commits, context } = this.#opened;
    const resume = await backlog.hold();
    let erased: number;
    let end: number;
    try {
      erased = await this.#finishAll(condition);
      // Those that come in from now on are not meant.
      ({ end } = backlog);
      // Resolves when earlier changes are on the disk.
      await commits.commit({ events: [] });
    } finally {
      resume();
      context.ready();
    }
    await this.#eraseBodies(condition, end);
    return erased;
  }

  /** Returns how many there were. */
  async #finishAll(condition: (event: OutboxEvent) => boolean) {
    const { backlog, claims } = this.#opened;
    const onDisk: StoredEvent[] = [];
    for await (const chunk of backlog.unread()) {
      for (const event of chunk.pending()) {
        if (condition(event)) onDisk.push(event);
      }
    }
    const inMemory = [
      ...backlog.remove(condition),
      ...claims.remove(condition),
    ];
    this.#finish([...inMemory, ...onDisk]);
    this.#forget(inMemory);
    this.#count(onDisk);
    return inMemory.length + onDisk.length;
  }

  /** Bodies stay until all of their events are finished, so what they hold of finished ones goes. */
  async #eraseBodies(
    condition: (event: OutboxEvent) => boolean,
    end: number,
  ): Promise<void> {
    const { backlog, commits, gone } = this.#opened;
    const deleted = new Set<number>();
    const forget = gone.watch((number) => deleted.add(number));
    try {
      for await (const page of backlog.bodies(end)) {
        const changes = page.flatMap(({ number, body }) => {
          const rest = Chunk.bodyWithout(body, condition);
          return rest === undefined ? [] : [{ number, rest }];
        });
        if (changes.length === 0) continue;
        await commits.commit({
          events: [],
          changes: () =>
            changes
              .filter(({ number }) => !deleted.has(number))
              .map(({ number, rest }) => ({
                key: bodyKey(number),
                value: rest,
              })),
        });
      }
    } finally {
      forget();
    }
  }

  #end(events: readonly ClaimedEvent[]): Map<ClaimedEvent, StoredEvent> {
    const { claims } = this.#opened;
    const ended = new Map<ClaimedEvent, StoredEvent>();
    for (const claimed of events) {
      const event = claims.end(claimed);
      if (event !== undefined) ended.set(claimed, event);
    }
    return ended;
  }

  #finish(events: Iterable<StoredEvent>): void {
    for (const { chunk, index } of events) {
      chunk.finish(index);
      this.#opened.commits.changed(chunk);
    }
  }

  /** These events are finished, and need no more memory. */
  #forget(events: readonly StoredEvent[]): void {
    let freed = 0;
    for (const { chunk, index } of events) freed += chunk.forget(index);
    this.#opened.backlog.freed(freed);
    this.#count(events);
  }

  /** These events are no longer pending. */
  #count(events: readonly StoredEvent[]): void {
    const { capacity, checkpoints } = this.#opened;
    capacity.left(events.length);
    for (const { sequence } of events) checkpoints.forgotten(sequence);
  }
}
