/**
 * A value, or a promise of one: an outbox that needs no I/O answers at once. Lazy
 * thenables, such as the queries of Prisma and Knex, will do.
 */
export type MaybePromise<T> = T | PromiseLike<T>;

/** An accepted event as an outbox holds it: checked and serialised once. */
export interface OutboxEvent {
  /** The event's `idempotence_id`. Two events may carry the same one. */
  readonly id: string;
  /** The event as JSON text, as it goes to ODP. */
  readonly payload: string;
  /** When it was made, in ms since the epoch by this machine's clock. */
  readonly createdAt: number;
  /**
   * Set if a caller awaits delivery, and unique to this append: a shared outbox
   * records under it what became of the event, see {@link OdpOutbox.outcomes}.
   */
  readonly receipt?: string | undefined;
}

/** An event that one dispatcher holds until its lease ends. */
export interface ClaimedEvent extends OutboxEvent {
  /**
   * How long ago it was appended (or requeued), in ms, by the outbox's own
   * clock: instances' clocks may differ, and step.
   */
  readonly age: number;
  /** How often a request that held it failed and it was released to be tried again. */
  readonly failedAttempts: number;
  /**
   * Which claim this is, as the outbox marks it (fencing token): once the lease
   * has passed to another dispatcher, whatever is done with this one is ignored.
   */
  readonly claim: unknown;
}

/** What {@link OdpOutbox.claim} is asked for. */
export interface ClaimRequest {
  /** At most so many events. */
  readonly limit: number;
  /** At most so many bytes of payload; the first event comes however large it is. Unbounded unless given. */
  readonly maxBytes?: number | undefined;
  /** How long the claim holds, in ms, by the outbox's own clock. */
  readonly lease: number;
  /** Only events of at least this age, in ms. */
  readonly minAge?: number | undefined;
}

/** Why an event is dead-lettered. */
export interface DeadLetterCause {
  /** `rejected`: ODP refused it; `expired`: it grew older than `maxEventAge`. */
  readonly reason: 'rejected' | 'expired';
  /** The HTTP status of ODP's last answer, if there was one. */
  readonly status?: number | undefined;
  /** ODP's message, or what went wrong at last. */
  readonly message: string;
}

/** How many events an outbox holds. */
export interface OutboxCounts {
  /** Accepted and neither acknowledged nor dead-lettered, claimed ones included. */
  readonly pending: number;
  /** The oldest pending event's age, in ms; `undefined` if none is pending. */
  readonly oldestAge: number | undefined;
  /** How many dead letters it keeps. */
  readonly deadLetters: number;
}

/** An event that was given up. */
export interface StoredDeadLetter extends OutboxEvent, DeadLetterCause {
  /** How often it was tried before it was dead-lettered. */
  readonly failedAttempts: number;
  /** When it was dead-lettered, in ms since the epoch. */
  readonly deadLetteredAt: number;
  /** Where the next page begins, see {@link DeadLetterPage.after}. */
  readonly cursor: string;
}

/** Which part of a list of dead letters. */
export interface DeadLetterPage {
  /** At most so many. */
  readonly limit: number;
  /** Only those behind the one with this `cursor`. */
  readonly after?: string | undefined;
}

/** How many dead letters are kept, and for how long; the oldest go first. */
export interface DeadLetterRetention {
  /** In ms. */
  readonly maxAge: number;
  readonly maxCount: number;
  /** Of payload. */
  readonly maxBytes: number;
}

/** What became of an event whose delivery a caller awaits. */
export type DeliveryOutcome = { readonly receipt: string } & (
  | { readonly outcome: 'delivered' }
  | ({ readonly outcome: 'deadLettered' } & DeadLetterCause)
);

/** A mark behind what was appended so far. */
export interface OutboxCheckpoint {
  /** How many of the events before the mark are still pending. */
  pending(): MaybePromise<number>;
  /** Nobody will ask again. */
  close(): void;
}

/** Which dead letters are meant. Conditions are joined by «and»; `{}` means every one. */
export interface DeadLetterFilter {
  /** Only these `idempotence_id`s. */
  readonly ids?: readonly string[] | undefined;
  /** Only those given up for this reason. */
  readonly reason?: DeadLetterCause['reason'] | undefined;
  /** Only those dead-lettered before this time, in ms since the epoch. */
  readonly before?: number | undefined;
}

/** What an outbox is given when it is opened. */
export interface OutboxContext {
  /** The time in ms since the epoch. It may step: only for times that people read. */
  now(): number;
  /** ms since some moment; never steps. Outboxes on a server use the server's clock instead. */
  monotonic(): number;
  /** How much to keep of the events that were given up. */
  readonly deadLetterRetention: DeadLetterRetention;
  /** Reports an accepted event that was dropped to make room (`whenFull: 'drop-oldest'`). */
  dropped(event: OutboxEvent): void;
  /** Reports dead letters that retention removed. */
  deadLettersRemoved(count: number): void;
  /** Reports that events can be claimed now that could not before, such as requeued ones. They go at once. */
  ready(): void;
  /**
   * Reports that so many events were appended by other processes, or by a
   * transaction that has committed: they go like this process's own, once a
   * batch is full or `flushInterval` over.
   */
  arrived(count: number): void;
  /** Logs what an operator must know, such as a store that may evict events. Holds nothing of an event. */
  warn(message: string): void;
}

/** How many events {@link OdpOutbox.erase} forgot. */
export interface ErasedEvents {
  readonly pending: number;
  readonly deadLetters: number;
}

/** How events are appended. */
export interface AppendOptions {
  /** The caller's own database transaction, for outboxes that join it; others throw `OdpOutboxError`. */
  readonly transaction?: unknown;
  /**
   * Whether the caller waits for capacity. An outbox that makes nobody wait
   * throws `OdpOutboxFullError` all the same.
   */
  readonly wait?: boolean | undefined;
  /** Ends that wait: the append then rejects with `OdpTimeoutError`. */
  readonly signal?: AbortSignal | undefined;
}

/** What an outbox's events survive: nothing, a crash or reboot of this machine, or the loss of any instance. */
export type OutboxDurability = 'process' | 'machine' | 'server';

/**
 * Where accepted events wait until ODP has acknowledged them (a port). Extend
 * it to keep them somewhere else, and prove yours with `outboxContract` from
 * `nestjs-optimizely-odp/testing`.
 *
 * One outbox serves one account. Every method that fails throws (or rejects
 * with) an `OdpOutboxError` that says what to do. Its message is logged, so it
 * holds nothing of an event; of any other error only the name is.
 */
export abstract class OdpOutbox {
  /** What it is, for the boot log, such as `memory`. Holds no secret. */
  abstract readonly name: string;
  /** What its events survive. */
  abstract readonly durability: OutboxDurability;
  /**
   * How often events that other processes appended or left behind are looked
   * for, in ms; `undefined` if no other process shares it.
   */
  readonly pollInterval: number | undefined = undefined;

  /** Makes it usable. Called before anything else, again after it failed, and again after `close()`. */
  abstract open(context: OutboxContext): MaybePromise<void>;

  /**
   * Takes events in, all or none. Once it returns (or resolves) they are as
   * safe as this outbox promises.
   *
   * @throws OdpOutboxFullError when the outbox is full
   */
  abstract append(
    events: readonly OutboxEvent[],
    options?: AppendOptions,
  ): MaybePromise<void>;

  /**
   * Whether an append with these options takes part in a transaction of the
   * caller's: its events are there once that has committed, which `arrived`
   * reports.
   */
  joinsTransaction({ transaction }: AppendOptions = {}): boolean {
    return transaction !== undefined;
  }

  /**
   * Claims the oldest events that are due and that nobody holds, oldest first.
   * An event whose lease has ended is held by nobody; that it was claimed is no
   * failed attempt.
   */
  abstract claim(request: ClaimRequest): MaybePromise<readonly ClaimedEvent[]>;

  /** ODP has these events: forgets them. Ignores those no longer held. Returns how many were held. */
  abstract acknowledge(events: readonly ClaimedEvent[]): MaybePromise<number>;

  /**
   * Gives events back, to be claimable after `delay` ms. Ignores those no
   * longer held. `failed` counts as a failed attempt.
   */
  abstract release(
    events: readonly ClaimedEvent[],
    options: { readonly delay: number; readonly failed: boolean },
  ): MaybePromise<void>;

  /** Gives events up: keeps them as dead letters. Ignores those no longer held. Returns how many were held. */
  abstract deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): MaybePromise<number>;

  /**
   * What became of awaited events, as far as it is recorded; the others are left
   * out. Only asked of an outbox that other processes share, which may have
   * delivered them. It keeps outcomes for an hour at least.
   */
  outcomes(
    _receipts: readonly string[],
  ): MaybePromise<readonly DeliveryOutcome[]> {
    return [];
  }

  /**
   * Marks the events that this process has appended and, if no other process
   * shares the outbox, all that it holds. A flush ends when none of them is
   * pending.
   */
  abstract checkpoint(): MaybePromise<OutboxCheckpoint>;

  /** How many events it holds. */
  abstract counts(): MaybePromise<OutboxCounts>;

  /** Dead letters, oldest first. */
  abstract deadLetters(
    filter: DeadLetterFilter,
    page: DeadLetterPage,
  ): MaybePromise<readonly StoredDeadLetter[]>;

  /**
   * Makes dead letters pending again, oldest first, as new: age and failed
   * attempts start over.
   *
   * @param limit at most so many; all unless given
   * @returns how many
   */
  abstract requeue(
    filter: DeadLetterFilter,
    limit?: number,
  ): MaybePromise<number>;

  /** Forgets dead letters. Returns how many. */
  abstract purge(filter: DeadLetterFilter): MaybePromise<number>;

  /**
   * Forgets a customer: every event and dead letter that names one of these
   * identifiers, claimed events included. Returns how many.
   */
  abstract erase(
    identifiers: Readonly<Record<string, string>>,
  ): MaybePromise<ErasedEvents>;

  /**
   * Lets go of what it holds open, after everything under way is stored. Never
   * closes a client or pool that was passed in. What is still claimed stays
   * claimable by others once its lease ends, or sooner.
   */
  abstract close(): MaybePromise<void>;
}
