import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { OdpOutboxError } from '../../errors/index.js';
import { alreadyServes, refuseTransaction } from '../guards.js';
import {
  type AppendOptions,
  type DeadLetterCause,
  type ClaimedEvent,
  type ClaimRequest,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeliveryOutcome,
  type ErasedEvents,
  OdpOutbox,
  type OutboxCheckpoint,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
  type OutboxStore,
  type StoredDeadLetter,
} from '../outbox.js';
import * as scripts from './append-scripts.js';
import { byOf } from './chunks.js';
import { readOutcomes } from './claim-scripts.js';
import { erasePending } from './erase-pending.js';
import { Generations } from './generations.js';
import { toOutcome } from './outcomes.js';
import { RedisAppends } from './redis-appends.js';
import { RedisClaims } from './redis-claims.js';
import { RedisDeadLetters } from './redis-dead-letters.js';
import type { RedisOutboxOptions } from './redis-outbox.options.js';
import { RedisScripts } from './redis-scripts.js';
import { FORMAT } from './functions.js';

/** Keeps events in Redis. See {@link redisOutbox}. */
export class RedisOutbox extends OdpOutbox {
  readonly name: string;
  readonly durability = 'server';
  override readonly store: OutboxStore;
  override readonly pollInterval = 1000;

  readonly #client: RedisOutboxOptions['client'];
  readonly #scripts: RedisScripts;
  readonly #deadLetters: RedisDeadLetters;
  readonly #appends: RedisAppends;
  readonly #claims: RedisClaims;
  // Unique, but still meaningful to a person who inspects the claims.
  readonly #process = `${hostname()}-${process.pid}-${randomUUID()}`;
  readonly #generations = new Generations();
  #context: OutboxContext | undefined;

  constructor({ client, key }: RedisOutboxOptions) {
    super();
    this.name = `redis (${key})`;
    this.store = { client, place: key, option: 'redisOutbox.key' };
    this.#client = client;
    this.#scripts = new RedisScripts(client, key);
    this.#deadLetters = new RedisDeadLetters(this.#scripts);
    this.#claims = new RedisClaims(this.#scripts, this.#process, () =>
      this.#context?.ready(),
    );
    this.#appends = new RedisAppends(
      this.#scripts,
      this.#process,
      this.#generations,
    );
  }

  override get storeClosed(): boolean {
    const client: { status: string; manuallyClosing?: unknown } = this.#client;
    // ioredis has no public way to tell that quit() was called, and goes on until the answer.
    return client.status === 'end' || client.manuallyClosing === true;
  }

  async open(context: OutboxContext): Promise<void> {
    if (this.#context !== undefined) {
      throw alreadyServes('redisOutbox()', 'a key');
    }
    await this.#scripts.connected();
    const [format, info] = await this.#scripts.run<[string | null, string]>(
      scripts.open,
    );
    if (format !== null && format !== `${FORMAT}`) {
      throw new OdpOutboxError(
        `What is stored as ${this.name} has format ${format}, and this version of nestjs-optimizely-odp supports ${FORMAT}. ` +
          'Choose another key, or the version of the package that stored it.',
      );
    }
    const policy = /^maxmemory_policy:(allkeys-\S+)/m.exec(info)?.[1];
    if (policy !== undefined) {
      context.warn(
        `Redis may evict events that wait in ${this.name} when its memory runs short (maxmemory-policy ${policy}). Set maxmemory-policy to noeviction.`,
      );
    }
    this.#context = context;
    this.#client.on('ready', this.#reconnected);
  }

  append(
    events: readonly OutboxEvent[],
    { transaction }: AppendOptions = {},
  ): void | Promise<void> {
    refuseTransaction('Redis', transaction);
    if (events.length > 0) return this.#appends.add(events);
  }

  claim(request: ClaimRequest): Promise<readonly ClaimedEvent[]> {
    return this.#claims.claim(request);
  }

  acknowledge(events: readonly ClaimedEvent[]): Promise<number> {
    return this.#claims.acknowledge(events);
  }

  release(
    events: readonly ClaimedEvent[],
    options: { delay: number; failed: boolean },
  ): Promise<void> {
    return this.#claims.release(events, options);
  }

  async deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): Promise<number> {
    const count = await this.#claims.deadLetter(events, cause);
    await this.trimDeadLetters();
    return count;
  }

  override async outcomes(
    receipts: readonly string[],
  ): Promise<readonly DeliveryOutcome[]> {
    const recorded = await this.#scripts.run<(string | null)[]>(
      readOutcomes,
      receipts,
    );
    return receipts.flatMap((receipt, i) => toOutcome(receipt, recorded[i]));
  }

  checkpoint(): OutboxCheckpoint {
    let before = this.#generations.next();
    return {
      pending: async () => {
        // Another call may end meanwhile, and shorten the list.
        const asked = before;
        const over = asked.filter((one) => this.#generations.isOver(one));
        const counts = await this.#scripts.run<number[]>(
          scripts.pendingBy,
          asked.map((generation) => byOf(this.#process, generation)),
        );
        const empty = asked.filter((_, i) => (counts[i] ?? 0) === 0);
        for (const generation of empty) {
          if (over.includes(generation)) this.#generations.forget(generation);
        }
        before = before.filter((one) => !empty.includes(one));
        return counts.reduce((sum, count) => sum + count, 0);
      },
      close: () => {},
    };
  }

  async counts(): Promise<OutboxCounts> {
    const [pending, oldestAge, deadLetters] = await this.#scripts.run<
      [number, number, number]
    >(scripts.counts);
    return {
      pending,
      oldestAge: pending > 0 ? oldestAge : undefined,
      deadLetters,
    };
  }

  deadLetters(
    filter: DeadLetterFilter,
    page: DeadLetterPage,
  ): Promise<readonly StoredDeadLetter[]> {
    return this.#deadLetters.list(filter, page);
  }

  async requeue(filter: DeadLetterFilter, limit?: number): Promise<number> {
    const count = await this.#deadLetters.requeue(filter, limit);
    if (count > 0) this.#context?.ready();
    return count;
  }

  async trimDeadLetters(): Promise<void> {
    const context = this.#context;
    if (context === undefined) return;
    const removed = await this.#deadLetters.trim(context.deadLetterRetention);
    if (removed > 0) context.deadLettersRemoved(removed);
  }

  purge(filter: DeadLetterFilter): Promise<number> {
    return this.#deadLetters.purge(filter);
  }

  async erase(
    identifiers: Readonly<Record<string, string>>,
  ): Promise<ErasedEvents> {
    const pending = await erasePending(this.#scripts, identifiers);
    return { pending, deadLetters: await this.#deadLetters.erase(identifiers) };
  }

  async close(): Promise<void> {
    if (this.#context === undefined) return;
    await this.#appends.idle();
    this.#context = undefined;
    this.#client.off('ready', this.#reconnected);
  }

  readonly #reconnected = () => this.#context?.ready();
}
