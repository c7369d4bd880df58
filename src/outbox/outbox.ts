/**
 * A value, or a promise of one: an outbox that needs no I/O answers at once. Lazy
 * thenables, such as the queries of Prisma and Knex, work as well.
 */
export type MaybePromise<T> = T | PromiseLike<T>;

/** An accepted event as an outbox holds it: checked and serialised once. */
export interface OutboxEvent {
  /** The event's `idempotence_id`. Two events may carry the same one. */
  readonly id: string;
  /** The event as JSON text, as it is sent to ODP. */
  readonly payload: string;
  /** When it was made, in ms since the epoch by this machine's clock. */
  readonly createdAt: number;
  /**
   * Set if a caller awaits delivery, and unique to this append: a shared outbox
   * records under it what became of the event, see {@link OdpOutbox.outcomes}.
   */
  readonly receipt?: string | undefined;
}

/** An event that one dispatcher has claimed until its lease ends. */
export interface ClaimedEvent extends OutboxEvent {
  /**
   * How long ago it was appended (or requeued), in ms, by the outbox's own
   * clock, since instances' clocks may differ and step.
   */
  readonly age: number;
  /** How often its request failed and it was released to be tried again. */
  readonly failedAttempts: number;
  /**
   * The outbox's mark of this claim (a fencing token): once another dispatcher
   * holds the lease, whatever is done with this claim is ignored.
   */
  readonly claim: unknown;
}

/** What to claim, see {@link OdpOutbox.claim}. */
export interface ClaimRequest {
  /** At most this many events. */
  readonly limit: number;
  /** At most this many bytes of payload, but at least one event. Unbounded unless given. */
  readonly maxBytes?: number | undefined;
  /** How long the lease lasts, in ms, by the outbox's own clock. */
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
  /** ODP's message, or what last went wrong. */
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

/** A page of a list of dead letters. */
export interface DeadLetterPage {
  /** At most this many. */
  readonly limit: number;
  /**
   * Only those after the one with this `cursor`, which may be gone by now. Users
   * pass what they like: refuse one that you cannot have returned.
   */
  readonly after?: string | undefined;
}

/** How many dead letters are kept, and for how long; the oldest are removed first. */
export interface DeadLetterRetention {
  /** In ms. */
  readonly maxAge: number;
  readonly maxCount: number;
  /** Of payload. */
  readonly maxBytes: number;
}

/** The outcome of an event whose delivery a caller awaits. */
export type DeliveryOutcome = { readonly receipt: string } & (
  | { readonly outcome: 'delivered' }
  | ({ readonly outcome: 'deadLettered' } & DeadLetterCause)
);

/** A mark after what was appended so far. */
export interface OutboxCheckpoint {
  /** How many of the events before the mark are still pending. */
  pending(): MaybePromise<number>;
  /** The mark is no longer needed. */
  close(): void;
}

/** Which dead letters are meant. All conditions must hold; `{}` means every dead letter. */
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
  /** The time in ms since the epoch. It may step, so it is only for times that people read. */
  now(): number;
  /** ms since some moment; never steps. Outboxes on a server use the server's clock instead. */
  monotonic(): number;
  /** How many dead letters to keep, and for how long. */
  readonly deadLetterRetention: DeadLetterRetention;
  /** Reports an accepted event that was dropped for a newer one (`whenFull: 'drop-oldest'`). */
  dropped(event: OutboxEvent): void;
  /** Reports dead letters that retention removed. */
  deadLettersRemoved(count: number): void;
  /** Reports that more events can be claimed now, such as requeued ones. They are sent at once. */
  ready(): void;
  /**
   * Reports events that were appended by other processes, or by a transaction that
   * has committed. They are sent like this process's own, once a batch is full or
   * after `flushInterval`.
   */
  arrived(count: number): void;
  /** Logs what an operator must know, such as a store that may evict events. Must hold nothing of an event. */
  warn(message: string): void;
}

/** How many events {@link OdpOutbox.erase} removed. */
export interface ErasedEvents {
  readonly pending: number;
  readonly deadLetters: number;
}

/** How events are appended. */
export interface AppendOptions {
  /** The caller's own database transaction, for outboxes that join it; others throw `OdpOutboxError`. */
  readonly transaction?: unknown;
  /**
   * Whether the caller would wait for capacity. An outbox that makes nobody wait
   * throws `OdpOutboxFullError` anyway.
   */
  readonly wait?: boolean | undefined;
  /** Ends that wait: the append then rejects with `OdpTimeoutError`. */
  readonly signal?: AbortSignal | undefined;
}

/** What an outbox's events survive: nothing, a crash or reboot of this machine, or the loss of any instance. */
export type OutboxDurability = 'process' | 'machine' | 'server';

/** Where an outbox keeps its events, for the app to tell that two accounts would share one backlog. */
export interface OutboxStore {
  /** The app's client or pool; `undefined` if the place says it all. */
  readonly client: unknown;
  /** The place in it, such as the name of a table. */
  readonly place: string;
  /** The option that names the place, such as `postgresOutbox.table`. */
  readonly option: string;
}

/**
 * Where accepted events wait until ODP has acknowledged them (a port). Extend
 * it to keep them somewhere else, and prove yours with `outboxContract` from
 * `nestjs-optimizely-odp/testing`.
 *
 * One outbox serves one account. Every method that fails throws (or rejects
 * with) an `OdpOutboxError` that says what to do. Its message is logged, so it
 * must hold nothing of an event; of other errors, only the name is logged.
 */
export abstract class OdpOutbox {
  /** Its name for the log, such as `memory`. Must hold no secret. */
  abstract readonly name: string;
  /** What its events survive. */
  abstract readonly durability: OutboxDurability;
  /**
   * How often to look for events that other processes appended or left behind,
   * in ms; `undefined` if no other process shares it.
   */
  readonly pollInterval: number | undefined = undefined;

  /**
   * Where its events are; `undefined` if they are its own in any case. Two accounts
   * of an app that name the same store are refused at boot.
   */
  readonly store: OutboxStore | undefined = undefined;

  /**
   * Whether the app has closed, for good, the client or pool that this outbox works
   * through. Nothing is asked of it then, and shutdown waits for nothing.
   */
  get storeClosed(): boolean {
    return false;
  }

  /** Makes it usable. Called before anything else, again if it fails, and again after `close()`. */
  abstract open(context: OutboxContext): MaybePromise<void>;

  /**
   * Stores events, all or none. Once it returns (or resolves), they are as safe as
   * this outbox promises.
   *
   * @throws OdpOutboxFullError when the outbox is full
   */
  abstract append(
    events: readonly OutboxEvent[],
    options?: AppendOptions,
  ): MaybePromise<void>;

  /**
   * Whether an append with these options joins a transaction of the caller. Its
   * events are there once that commits, which `arrived` reports.
   */
  joinsTransaction({ transaction }: AppendOptions = {}): boolean {
    return transaction !== undefined;
  }

  /**
   * Claims the oldest events that are due and not leased, oldest first. A lease
   * that ends does not count as a failed attempt.
   */
  abstract claim(request: ClaimRequest): MaybePromise<readonly ClaimedEvent[]>;

  /** Removes events that ODP has. Ignores those whose lease has ended. Returns how many it removed. */
  abstract acknowledge(events: readonly ClaimedEvent[]): MaybePromise<number>;

  /**
   * Makes events claimable again after `delay` ms. Ignores those whose lease has
   * ended. `failed`: counts a failed attempt.
   */
  abstract release(
    events: readonly ClaimedEvent[],
    options: { readonly delay: number; readonly failed: boolean },
  ): MaybePromise<void>;

  /** Turns events into dead letters. Ignores those whose lease has ended. Returns how many it turned. */
  abstract deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): MaybePromise<number>;

  /**
   * The recorded outcomes of awaited events; others are left out. Called only if
   * other processes share the outbox, as they may have delivered the events. It
   * must keep outcomes for at least an hour.
   */
  outcomes(
    _receipts: readonly string[],
  ): MaybePromise<readonly DeliveryOutcome[]> {
    return [];
  }

  /**
   * Marks the events that this process has appended; if no other process shares
   * the outbox, all events. A flush ends when none of them is pending.
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
   * Makes dead letters pending again, oldest first, as if new: age and failed
   * attempts start over.
   *
   * @param limit at most this many; all unless given
   * @returns how many
   */
  abstract requeue(
    filter: DeadLetterFilter,
    limit?: number,
  ): MaybePromise<number>;

  /**
   * Removes dead letters that retention does not keep, by the outbox's own clock,
   * and reports how many (`deadLettersRemoved`). Adding new ones does so, too; this
   * is called from time to time for when there are none.
   */
  abstract trimDeadLetters(): MaybePromise<void>;

  /** Removes dead letters. Returns how many. */
  abstract purge(filter: DeadLetterFilter): MaybePromise<number>;

  /**
   * Forgets a customer: removes every event and dead letter that names one of these
   * identifiers, even claimed events. Returns how many.
   */
  abstract erase(
    identifiers: Readonly<Record<string, string>>,
  ): MaybePromise<ErasedEvents>;

  /**
   * Stores everything under way, then closes what it has opened itself, never a
   * client or pool that was passed in. Events that are still claimed can be
   * claimed by others once their lease ends, or sooner.
   */
  abstract close(): MaybePromise<void>;
}
