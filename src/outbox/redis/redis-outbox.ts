import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { OdpOutboxError } from '../../errors/index.js';
import { GroupCommit } from '../group-commit.js';
import { alreadyServes, refuseTransaction } from '../guards.js';
import { namesIdentifier } from '../names-identifier.js';
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
  type StoredDeadLetter,
} from '../outbox.js';
import { toStoredText } from '../stored-text.js';
import {
  type Claimed,
  type Entry,
  fieldsOf,
  namesOf,
  toClaimedEvent,
  toOutcome,
} from './entries.js';
import { RedisDeadLetters } from './redis-dead-letters.js';
import type { RedisOutboxOptions } from './redis-outbox.options.js';
import { RedisScripts } from './redis-scripts.js';
import { FORMAT, type Script } from './script.js';
import * as scripts from './scripts.js';

/** How many events are looked at in one step when a customer is erased. */
const ERASE_PAGE = 200;

/** Keeps events in Redis. See {@link redisOutbox}. */
export class RedisOutbox extends OdpOutbox {
  readonly name: string;
  readonly durability = 'server';
  override readonly pollInterval = 1000;

  readonly #client: RedisOutboxOptions['client'];
  readonly #scripts: RedisScripts;
  readonly #deadLetters: RedisDeadLetters;
  readonly #appends = new GroupCommit((events) => this.#store(events));
  // Told apart by chance, and told by a person who looks at XINFO CONSUMERS.
  readonly #consumer = `${hostname()}-${process.pid}-${randomUUID()}`;
  /** Grows with every checkpoint: what is appended from then on is counted apart. */
  #generation = 0;
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
      throw alreadyServes('redisOutbox()', 'a key');
    }
    await this.#scripts.connected();
    const format = await this.#scripts.run<number>(scripts.open);
    if (format !== FORMAT) {
      throw new OdpOutboxError(
        `What is stored as ${this.name} has format ${format}, and this version of nestjs-optimizely-odp knows ${FORMAT}. ` +
          'Choose another key, or the version of the package that stored it.',
      );
    }
    this.#context = context;
    this.#client.on('ready', this.#reconnected);
  }

  async append(
    events: readonly OutboxEvent[],
    { transaction }: AppendOptions = {},
  ): Promise<void> {
    refuseTransaction('Redis', transaction);
    if (events.length > 0) await this.#appends.add(events);
  }

  async claim({
    limit,
    maxBytes = Number.MAX_SAFE_INTEGER,
    lease,
    minAge = 0,
  }: ClaimRequest): Promise<readonly ClaimedEvent[]> {
    const claimed = await this.#scripts.run<Claimed[]>(
      scripts.claim,
      [this.#consumer, limit, lease, maxBytes, minAge],
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

  async deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): Promise<number> {
    const { reason, status = '', message } = cause;
    const count = await this.#run<number>(
      scripts.deadLetter,
      this.#claimsOf(events, reason, status, toStoredText(message)),
    );
    const context = this.#context;
    if (context !== undefined) {
      const removed = await this.#deadLetters.trim(context.deadLetterRetention);
      if (removed > 0) context.deadLettersRemoved(removed);
    }
    return count;
  }

  override async outcomes(
    receipts: readonly string[],
  ): Promise<readonly DeliveryOutcome[]> {
    const recorded = await this.#run<(string | null)[]>(
      scripts.readOutcomes,
      receipts,
    );
    return recorded.flatMap((outcome, index) =>
      toOutcome(receipts[index] as string, outcome),
    );
  }

  checkpoint(): OutboxCheckpoint {
    const before = Array.from({ length: ++this.#generation }, (_, generation) =>
      this.#by(generation),
    );
    return {
      pending: () => this.#run<number>(scripts.pendingBy, before),
      close: () => {},
    };
  }

  async counts(): Promise<OutboxCounts> {
    const [pending, oldestAge, deadLetters] = await this.#run<
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

  purge(filter: DeadLetterFilter): Promise<number> {
    return this.#deadLetters.purge(filter);
  }

  async erase(
    identifiers: Readonly<Record<string, string>>,
  ): Promise<ErasedEvents> {
    let pending = 0;
    for (let after: string | undefined = '0-0'; after !== undefined;) {
      const page: Entry[] = await this.#run(scripts.eventsAfter, [
        after,
        ERASE_PAGE,
      ]);
      const named = page
        .map(([entry, fields]) => ({ entry, field: fieldsOf(fields) }))
        .filter(({ field }) => namesIdentifier(field('payload'), identifiers))
        .flatMap(({ entry, field }) => [entry, field('id')]);
      if (named.length > 0) {
        pending += await this.#run<number>(scripts.erase, named);
      }
      after = page.at(-1)?.[0];
    }
    return { pending, deadLetters: await this.#deadLetters.erase(identifiers) };
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
    await this.#run(scripts.append, [
      this.#by(this.#generation),
      ...events.flatMap(({ id, payload, createdAt, receipt = '' }) => [
        toStoredText(id),
        payload,
        createdAt,
        receipt,
      ]),
    ]);
  }

  #by(generation: number): string {
    return `${this.#consumer}/${generation}`;
  }

  #claimsOf(
    events: readonly ClaimedEvent[],
    ...options: (string | number)[]
  ): (string | number)[] {
    return [this.#consumer, ...options, ...namesOf(events)];
  }
}
