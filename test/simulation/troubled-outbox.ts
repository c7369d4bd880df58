import {
  memoryOutbox,
  OdpOutbox,
  OdpOutboxError,
  type AppendOptions,
  type ClaimedEvent,
  type ClaimRequest,
  type DeadLetterCause,
  type DeadLetterFilter,
  type DeadLetterPage,
  type MaybePromise,
  type OutboxContext,
  type OutboxDurability,
  type OutboxEvent,
} from '../../src/index.js';
import type { ManualClock } from '../../src/testing/index.js';
import type { Random } from './random.js';

/** An outbox on a server that is slow, fails, falls silent or loses its answers while `trouble` lasts. */
export class TroubledOutbox extends OdpOutbox {
  readonly name = 'simulated';
  readonly durability: OutboxDurability = 'server';
  override readonly pollInterval = 1000;
  trouble = false;
  /** Whether something was done whose answer was lost. */
  answersLost = false;
  readonly #memory = memoryOutbox({ capacity: 100_000 });
  readonly #clock: ManualClock;
  readonly #random: Random;

  constructor(clock: ManualClock, random: Random) {
    super();
    this.#clock = clock;
    this.#random = random;
  }

  open(context: OutboxContext): MaybePromise<void> {
    return this.#memory.open(context);
  }

  append(events: readonly OutboxEvent[], options?: AppendOptions) {
    return this.#asked(() => this.#memory.append(events, options));
  }

  claim(request: ClaimRequest) {
    return this.#asked(() => this.#memory.claim(request));
  }

  acknowledge(events: readonly ClaimedEvent[]) {
    return this.#asked(() => this.#memory.acknowledge(events));
  }

  release(
    events: readonly ClaimedEvent[],
    options: { delay: number; failed: boolean },
  ) {
    return this.#asked(() => this.#memory.release(events, options));
  }

  deadLetter(events: readonly ClaimedEvent[], cause: DeadLetterCause) {
    return this.#asked(() => this.#memory.deadLetter(events, cause));
  }

  checkpoint() {
    return this.#asked(() => this.#memory.checkpoint());
  }

  counts() {
    return this.#asked(() => this.#memory.counts());
  }

  deadLetters(filter: DeadLetterFilter, page: DeadLetterPage) {
    return this.#memory.deadLetters(filter, page);
  }

  requeue(filter: DeadLetterFilter, limit?: number) {
    return this.#memory.requeue(filter, limit);
  }

  trimDeadLetters() {
    this.#memory.trimDeadLetters();
  }

  purge(filter: DeadLetterFilter) {
    return this.#memory.purge(filter);
  }

  erase(identifiers: Readonly<Record<string, string>>) {
    return this.#asked(() => this.#memory.erase(identifiers));
  }

  close(): MaybePromise<void> {
    return this.#asked(() => this.#memory.close());
  }

  async #asked<T>(doing: () => MaybePromise<T>): Promise<T> {
    const random = this.#random;
    const failure = new OdpOutboxError('The store is in trouble.');
    await this.#pass(random.between(0, 20));
    if (!this.trouble) return await doing();
    if (random.chance(0.3)) throw failure;
    if (random.chance(0.1)) await new Promise<never>(() => {});
    if (random.chance(0.2)) await this.#pass(random.between(0, 8000));
    const result = await doing();
    if (!random.chance(0.2)) return result;
    this.answersLost = true;
    throw failure;
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.schedule(resolve, ms, false);
    });
  }
}
