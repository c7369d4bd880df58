// Not the global one, which the fake timers of an app's tests replace.
import { setImmediate } from 'node:timers';
import type { Clock } from '../clock.js';
import { OdpOutboxError } from '../errors/index.js';
import { FROZEN_MS } from './deadline.js';
import { Fifo } from './fifo.js';
import { isThenable } from './is-thenable.js';
import {
  type AppendOptions,
  type ClaimedEvent,
  type ClaimRequest,
  type DeadLetterCause,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeliveryOutcome,
  type ErasedEvents,
  type MaybePromise,
  OdpOutbox,
  type OutboxCheckpoint,
  type OutboxContext,
  type OutboxCounts,
  type OutboxDurability,
  type OutboxEvent,
  type StoredDeadLetter,
} from './outbox.js';

/** How long an outbox may take to answer, in ms. */
const ANSWER_TIMEOUT_MS = 5000;
/** How long an operation on many dead letters may take, in ms. */
const BULK_TIMEOUT_MS = 60_000;

interface Wait {
  readonly at: number;
  /** `undefined` once answered. */
  reject: ((reason: Error) => void) | undefined;
}

const ignore = () => {};

/**
 * Bounds how long an outbox may take to answer: five seconds, or a minute for
 * operations on many events while the store responds to others. Opening may take
 * as long as it needs.
 */
export class BoundedOutbox extends OdpOutbox {
  override readonly name: string;
  override readonly durability: OutboxDurability;
  override readonly pollInterval: number | undefined;
  readonly #outbox: OdpOutbox;
  readonly #answers: Deadlines;
  readonly #bulk: Deadlines;

  constructor(outbox: OdpOutbox, clock: Clock) {
    super();
    this.#outbox = outbox;
    this.name = outbox.name;
    this.durability = outbox.durability;
    this.pollInterval = outbox.pollInterval;
    this.#answers = new Deadlines(this.name, clock, ANSWER_TIMEOUT_MS);
    this.#bulk = new Deadlines(this.name, clock, BULK_TIMEOUT_MS);
  }

  override get storeClosed(): boolean {
    return this.#outbox.storeClosed;
  }

  open(context: OutboxContext): MaybePromise<void> {
    return this.#outbox.open(context);
  }

  append(
    events: readonly OutboxEvent[],
    options?: AppendOptions,
  ): MaybePromise<void> {
    const answer = this.#outbox.append(events, options);
    // A caller that waits for capacity has its own limit.
    if (options?.wait === true && this.durability === 'process') return answer;
    return this.#bound(answer);
  }

  override joinsTransaction(options?: AppendOptions): boolean {
    return this.#outbox.joinsTransaction(options);
  }

  claim(request: ClaimRequest): MaybePromise<readonly ClaimedEvent[]> {
    return this.#bound(this.#outbox.claim(request), (events) => {
      // Nobody works on them, so do not leave them to the end of their lease.
      if (events.length > 0) this.#giveBack(events);
    });
  }

  acknowledge(events: readonly ClaimedEvent[]): MaybePromise<number> {
    return this.#bound(this.#outbox.acknowledge(events));
  }

  release(
    events: readonly ClaimedEvent[],
    options: { readonly delay: number; readonly failed: boolean },
  ): MaybePromise<void> {
    return this.#bound(this.#outbox.release(events, options));
  }

  deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): MaybePromise<number> {
    return this.#bound(this.#outbox.deadLetter(events, cause));
  }

  override outcomes(
    receipts: readonly string[],
  ): MaybePromise<readonly DeliveryOutcome[]> {
    return this.#bound(this.#outbox.outcomes(receipts));
  }

  checkpoint(): MaybePromise<OutboxCheckpoint> {
    const answer = this.#bound(this.#outbox.checkpoint(), (late) =>
      late.close(),
    );
    return isThenable(answer)
      ? answer.then((checkpoint) => this.#boundCheckpoint(checkpoint))
      : this.#boundCheckpoint(answer);
  }

  counts(): MaybePromise<OutboxCounts> {
    return this.#bound(this.#outbox.counts());
  }

  deadLetters(
    filter: DeadLetterFilter,
    page: DeadLetterPage,
  ): MaybePromise<readonly StoredDeadLetter[]> {
    return this.#bound(this.#outbox.deadLetters(filter, page));
  }

  requeue(filter: DeadLetterFilter, limit?: number): MaybePromise<number> {
    return this.#boundBulk(this.#outbox.requeue(filter, limit));
  }

  trimDeadLetters(): MaybePromise<void> {
    return this.#boundBulk(this.#outbox.trimDeadLetters());
  }

  purge(filter: DeadLetterFilter): MaybePromise<number> {
    return this.#boundBulk(this.#outbox.purge(filter));
  }

  erase(
    identifiers: Readonly<Record<string, string>>,
  ): MaybePromise<ErasedEvents> {
    return this.#boundBulk(this.#outbox.erase(identifiers));
  }

  close(): MaybePromise<void> {
    return this.#bound(this.#outbox.close());
  }

  #boundCheckpoint(checkpoint: OutboxCheckpoint): OutboxCheckpoint {
    return {
      pending: () => this.#bound(checkpoint.pending()),
      close: () => quietly(() => checkpoint.close()),
    };
  }

  /** A quick question tells a silent store from a busy one. */
  #boundBulk<T>(answer: MaybePromise<T>): MaybePromise<T> {
    if (!isThenable(answer)) return answer;
    const silent = new Promise<never>((_, reject) => {
      const asked = (async () => this.counts())();
      asked.catch(reject);
    });
    return Promise.race([this.#bound(answer, ignore, this.#bulk), silent]);
  }

  #giveBack(events: readonly ClaimedEvent[]): void {
    // Their lease ends anyway.
    quietly(() => this.#outbox.release(events, { delay: 0, failed: false }));
  }

  /** @param late what to do with a late answer */
  #bound<T>(
    answer: MaybePromise<T>,
    late: (answer: T) => void = ignore,
    deadlines = this.#answers,
  ): MaybePromise<T> {
    if (!isThenable(answer)) return answer;
    return new Promise<T>((resolve, reject) => {
      const wait = deadlines.add(reject);
      // A foreign thenable might answer twice.
      void Promise.resolve(answer).then(
        (value) => {
          if (deadlines.met(wait)) resolve(value);
          else quietly(() => late(value));
        },
        (error: unknown) => {
          if (deadlines.met(wait)) reject(error);
        },
      );
    });
  }
}

/** Does what may fail without harm. */
function quietly(work: () => unknown): void {
  void (async () => work())().catch(ignore);
}

/** Deadlines of equal length, on one timer. */
class Deadlines {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #waits = new Fifo<Wait>();
  #armed = false;
  /** When the process was last seen to have been frozen: what waited then waits anew. */
  #thawedAt = -Infinity;

  /** @param name the outbox's, for messages */
  constructor(name: string, clock: Clock, timeout: number) {
    this.#name = name;
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** @param reject called if the answer does not come in time */
  add(reject: (reason: Error) => void): Wait {
    const wait: Wait = { at: this.#clock.monotonic() + this.#timeout, reject };
    this.#waits.push(wait);
    if (!this.#armed) this.#arm(this.#timeout);
    return wait;
  }

  /** The answer has come. Returns whether it came in time. */
  met(wait: Wait): boolean {
    if (wait.reject === undefined) return false;
    wait.reject = undefined;
    // Keep only those that still wait.
    while (this.#waits.size > 0 && this.#waits.peek()?.reject === undefined) {
      this.#waits.shift();
    }
    return true;
  }

  #arm(ms: number): void {
    this.#armed = true;
    const clock = this.#clock;
    const at = clock.monotonic() + ms;
    const wake = () => {
      const now = clock.monotonic();
      if (now - at > FROZEN_MS) this.#thawedAt = now;
      // First read answers that arrived while the process was busy.
      setImmediate(() => this.#ring());
    };
    clock.schedule(wake, ms, false);
  }

  #ring(): void {
    this.#armed = false;
    const now = this.#clock.monotonic();
    for (let first = this.#waits.peek(); first !== undefined;) {
      const { reject } = first;
      const due = Math.max(first.at, this.#thawedAt + this.#timeout);
      if (reject !== undefined && due > now) {
        this.#arm(due - now);
        return;
      }
      this.#waits.shift();
      first.reject = undefined;
      reject?.(this.#late());
      first = this.#waits.peek();
    }
  }

  #late(): OdpOutboxError {
    return new OdpOutboxError(
      `The ${this.#name} outbox did not answer within ${this.#timeout / 1000} s. Check that its store can be reached.`,
    );
  }
}
