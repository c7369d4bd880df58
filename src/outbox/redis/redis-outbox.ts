import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { OdpOutboxError } from '../../errors/index.js';
import { GroupCommit } from '../group-commit.js';
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
import { fromStoredText, toStoredText } from '../stored-text.js';
import { type Claimed, fieldsOf, namesOf, toClaimedEvent } from './entries.js';
import { RedisDeadLetters } from './redis-dead-letters.js';
import type { RedisOutboxOptions } from './redis-outbox.options.js';
import { RedisScripts } from './redis-scripts.js';
import { FORMAT, type Script } from './script.js';
import * as scripts from './scripts.js';

/** Keeps events in Redis. See {@link redisOutbox}. */
export class RedisOutbox extends OdpOutbox {
  readonly name: string;
  readonly survives =
    'the loss of any instance, and whatever this Redis is set up to survive';
  override readonly pollInterval = 1000;

  readonly #client: RedisOutboxOptions['client'];
  readonly #scripts: RedisScripts;
  readonly #deadLetters: RedisDeadLetters;
  readonly #appends = new GroupCommit((events) => this.#store(events));
  // Told apart by chance, and told by a person who looks at XINFO CONSUMERS.
  readonly #consumer = `${hostname()}-${process.pid}-${randomUUID()}`;
  #context: OutboxContext | undefined;

  constructor({ client, key }: RedisOutboxOptions) {
    super();
    this.name = `redis (${key})`;
    this.#client = client;
    this.#scripts = new RedisScripts(client, key);
    this.#deadLetters = new RedisDeadLetters(this.#scripts);
  }

  async open(context: OutboxContext): Promise<void> {
    if (this.#context !== undefined) {
      throw new OdpOutboxError(
        'This redisOutbox() already serves an account. Give each account an outbox and a key of its own.',
      );
    }
    await this.#scripts.connected();
    const format = await this.#scripts.run<number>(scripts.open);
    if (format > FORMAT) {
      throw new OdpOutboxError(
        `What is stored as ${this.name} has format ${format}, and this version of nestjs-optimizely-odp knows ${FORMAT}. ` +
          'Update the package, or choose another key.',
      );
    }
    this.#context = context;
    this.#client.on('ready', this.#reconnected);
  }

  async append(
    events: readonly OutboxEvent[],
    { transaction }: AppendOptions = {},
  ): Promise<void> {
    if (transaction !== undefined) {
      throw new OdpOutboxError(
        'The Redis outbox cannot join a transaction. Use postgresOutbox(), or send without { transaction }.',
      );
    }
    if (events.length > 0) await this.#appends.add(events);
  }

  async claim({
    limit,
    lease,
  }: ClaimRequest): Promise<readonly ClaimedEvent[]> {
    const claimed = await this.#scripts.run<Claimed[]>(
      scripts.claim,
      [this.#consumer, limit, lease],
      (late) => void this.#giveBack(late.map(toClaimedEvent)),
    );
    return claimed.map(toClaimedEvent);
  }

  acknowledge(events: readonly ClaimedEvent[]): Promise<number> {
    return this.#run(scripts.acknowledge, this.#claimsOf(events));
  }

  async release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): Promise<void> {
    await this.#run(
      scripts.release,
      this.#claimsOf(events, delay, failed ? 1 : 0),
    );
  }

  deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): Promise<number> {
    const { reason, status = '', message } = cause;
    return this.#run(
      scripts.deadLetter,
      this.#claimsOf(events, reason, status, toStoredText(message)),
    );
  }

  override async stillPending(
    ids: readonly string[],
  ): Promise<readonly string[]> {
    const pending = await this.#run<string[]>(
      scripts.stillPending,
      ids.map(toStoredText),
    );
    return pending.map(fromStoredText);
  }

  async counts(): Promise<OutboxCounts> {
    const [pending, oldest, deadLetters] = await this.#run<
      [number, string[], number]
    >(scripts.counts);
    return {
      pending,
      oldest: pending > 0 ? Number(fieldsOf(oldest)('createdAt')) : undefined,
      deadLetters,
    };
  }

  deadLetters(
    filter: DeadLetterFilter,
    limit: number,
  ): Promise<readonly StoredDeadLetter[]> {
    return this.#deadLetters.list(filter, limit);
  }

  async requeue(filter: DeadLetterFilter): Promise<number> {
    const count = await this.#deadLetters.requeue(filter);
    if (count > 0) this.#context?.ready();
    return count;
  }

  purge(filter: DeadLetterFilter): Promise<number> {
    return this.#deadLetters.purge(filter);
  }

  async close(): Promise<void> {
    if (this.#context === undefined) return;
    await this.#appends.idle();
    this.#context = undefined;
    this.#client.off('ready', this.#reconnected);
    // Without Redis there is nobody to sign off from: the next open() clears up.
    await this.#scripts
      .run(scripts.close, [this.#consumer])
      .catch(() => undefined);
  }

  readonly #reconnected = () => this.#context?.ready();

  #run<T>(script: Script, args?: readonly (string | number)[]): Promise<T> {
    return this.#scripts.run<T>(script, args);
  }

  /** What was claimed for a caller who is gone is due at once, not when its lease ends. */
  async #giveBack(events: readonly ClaimedEvent[]): Promise<void> {
    if (events.length === 0) return;
    try {
      await this.release(events, { delay: 0, failed: false });
      this.#context?.ready();
    } catch {
      // Then its lease ends.
    }
  }

  async #store(events: readonly OutboxEvent[]): Promise<void> {
    await this.#run(
      scripts.append,
      events.flatMap(({ id, payload, createdAt }) => [
        toStoredText(id),
        payload,
        createdAt,
      ]),
    );
  }

  #claimsOf(
    events: readonly ClaimedEvent[],
    ...options: (string | number)[]
  ): (string | number)[] {
    return [this.#consumer, ...options, ...namesOf(events)];
  }
}
