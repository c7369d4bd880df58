import { randomUUID } from 'node:crypto';
import { OdpOutboxError } from '../../errors/index.js';
import { GroupCommit } from '../group-commit.js';
import type { OutboxEvent } from '../outbox.js';
import { WaitingEvents } from '../waiting-events.js';
import * as scripts from './append-scripts.js';
import type { Generations } from './generations.js';
import { sizeOf } from '../size-of.js';
import { byOf, toChunks } from './chunks.js';
import type { RedisScripts } from './redis-scripts.js';

/** Longer lists go to Redis in portions of this many events, so that others get their turn. */
const PORTION = 1000;
/** Or of this many characters of payload. */
const PORTION_SIZE = 4 * 1024 * 1024;

/** Appends events to a Redis outbox: those of concurrent callers in one step. */
export class RedisAppends {
  readonly #scripts: RedisScripts;
  readonly #process: string;
  readonly #generations: Generations;
  readonly #group: GroupCommit;
  readonly #lists = new Set<Promise<void>>();
  readonly #bound = new WaitingEvents('Redis');
  /** Of groups, which are stored one after the other. */
  #number = 0;

  constructor(redis: RedisScripts, process: string, generations: Generations) {
    this.#scripts = redis;
    this.#process = process;
    this.#generations = generations;
    this.#group = new GroupCommit(this.#bound, (events) => this.#store(events));
  }

  /** @throws OdpOutboxError at once when too many are waiting */
  add(events: readonly OutboxEvent[]): Promise<void> {
    if (events.length <= PORTION) {
      const size = sizeOf(events);
      if (size <= PORTION_SIZE) return this.#group.add(events);
    }
    return this.#track(this.#storeList(events));
  }

  /** Resolves once nothing is under way any more, whatever the outcome. */
  async idle(): Promise<void> {
    await this.#group.idle();
    await Promise.allSettled(this.#lists);
  }

  async #store(events: readonly OutboxEvent[]): Promise<void> {
    const generation = this.#generations.began();
    const by = byOf(this.#process, generation);
    try {
      const args = [this.#process, ++this.#number, by, ...toChunks(events, by)];
      await this.#scripts.run(scripts.append, args);
    } catch (error) {
      // Callers that came meanwhile get the error now, too, instead of one group after the other.
      this.#group.abandon(error);
      throw error;
    } finally {
      this.#generations.ended(generation);
    }
  }

  async #storeList(events: readonly OutboxEvent[]): Promise<void> {
    const size = sizeOf(events);
    this.#bound.came(events.length, size);
    const generation = this.#generations.began();
    try {
      await this.#stageAndCommit(events, byOf(this.#process, generation));
    } finally {
      this.#bound.left(events.length, size);
      this.#generations.ended(generation);
    }
  }

  async #stageAndCommit(
    events: readonly OutboxEvent[],
    by: string,
  ): Promise<void> {
    const name = randomUUID();
    let staged = 0;
    for (const portion of portionsOf(events)) {
      const chunks = toChunks(portion, by);
      await this.#scripts.run(scripts.stage, [name, staged, ...chunks]);
      staged += chunks.length;
    }
    const args = [name, by, staged, events.length];
    if ((await this.#scripts.run<number>(scripts.commit, args)) === 0) {
      throw new OdpOutboxError(
        'Redis has lost a part of the list of events; none of them was stored. Send them again.',
      );
    }
  }

  async #track(work: Promise<void>): Promise<void> {
    this.#lists.add(work);
    try {
      await work;
    } finally {
      this.#lists.delete(work);
    }
  }
}

function* portionsOf(
  events: readonly OutboxEvent[],
): Generator<readonly OutboxEvent[]> {
  let portion: OutboxEvent[] = [];
  let size = 0;
  for (const event of events) {
    const { length } = event.payload;
    const isFull = portion.length === PORTION || size + length > PORTION_SIZE;
    if (isFull && portion.length > 0) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(event);
    size += length;
  }
  if (portion.length > 0) yield portion;
}
