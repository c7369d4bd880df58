/** A value, or a promise of one: an outbox that needs no I/O answers at once. */
export type MaybePromise<T> = T | Promise<T>;

/** An accepted event as an outbox holds it: checked and serialised once. */
export interface OutboxEvent {
  /** The event's `idempotence_id`. Two events may carry the same one. */
  readonly id: string;
  /** The event as JSON text, as it goes to ODP. */
  readonly payload: string;
  /** When it was accepted, in ms since the epoch. */
  readonly createdAt: number;
}

/** An event lent to one dispatcher until its lease ends. */
export interface ClaimedEvent extends OutboxEvent {
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
  /** How long the events are lent, in ms, by the outbox's own clock. */
  readonly lease: number;
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
  /** `createdAt` of the oldest pending event; `undefined` when none is pending. */
  readonly oldest: number | undefined;
  /** How many dead letters it keeps. */
  readonly deadLetters: number;
}

/** An event that was given up. */
export interface StoredDeadLetter extends OutboxEvent, DeadLetterCause {
  /** How often it was tried before it was dead-lettered. */
  readonly failedAttempts: number;
  /** When it was dead-lettered, in ms since the epoch. */
  readonly deadLetteredAt: number;
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
  /** The time in ms since the epoch. Outboxes on a server use the server's clock instead. */
  now(): number;
  /** Tells that an accepted event was dropped to make room (`whenFull: 'drop-oldest'`). */
  dropped(event: OutboxEvent): void;
  /** Tells that events may be claimable that this process did not append, so that none waits for the next poll. */
  ready(): void;
}

/** How events are appended. */
export interface AppendOptions {
  /** The caller's own database transaction, for outboxes that join it; others throw `OdpOutboxError`. */
  readonly transaction?: unknown;
  /** Whether the caller waits, so that an outbox which makes callers wait may do so. */
  readonly mayWait?: boolean;
}

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
  /** What its events survive, for the boot log, such as `a crash or reboot of this machine`. */
  abstract readonly survives: string;
  /**
   * How often events that other processes appended or left behind are looked
   * for, in ms; `undefined` where no other process shares it.
   */
  readonly pollInterval: number | undefined = undefined;

  /** Makes it usable. Called once before anything else, and again after it failed. */
  abstract open(context: OutboxContext): MaybePromise<void>;

  /**
   * Takes events in, all or none. Once it returns (or resolves) they are as
   * safe as this outbox promises.
   *
   * @throws OdpOutboxFullError when there is no room
   */
  abstract append(
    events: readonly OutboxEvent[],
    options?: AppendOptions,
  ): MaybePromise<void>;

  /**
   * Lends the oldest events that are due and not lent to anyone, oldest first.
   * Events whose lease has ended count as not lent; that they were lent does
   * not count as a try.
   */
  abstract claim(request: ClaimRequest): MaybePromise<readonly ClaimedEvent[]>;

  /** ODP has these events: forgets them. Ignores those no longer held. Returns how many were. */
  abstract acknowledge(events: readonly ClaimedEvent[]): MaybePromise<number>;

  /**
   * Gives events back, to be claimable after `delay` ms. Ignores those no
   * longer held. `failed` counts as a try.
   */
  abstract release(
    events: readonly ClaimedEvent[],
    options: { readonly delay: number; readonly failed: boolean },
  ): MaybePromise<void>;

  /** Gives events up: keeps them as dead letters. Ignores those no longer held. Returns how many were. */
  abstract deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): MaybePromise<number>;

  /**
   * Which of these ids are still pending. Asked for events that a caller awaits,
   * only where other processes share the outbox and may have delivered them.
   */
  stillPending(ids: readonly string[]): MaybePromise<readonly string[]> {
    return ids;
  }

  /** How many events it holds. */
  abstract counts(): MaybePromise<OutboxCounts>;

  /** Dead letters, oldest first, at most `limit`. */
  abstract deadLetters(
    filter: DeadLetterFilter,
    limit: number,
  ): MaybePromise<readonly StoredDeadLetter[]>;

  /** Makes dead letters pending again, as new (age and failedAttempts start over). Returns how many. */
  abstract requeue(filter: DeadLetterFilter): MaybePromise<number>;

  /** Forgets dead letters. Returns how many. */
  abstract purge(filter: DeadLetterFilter): MaybePromise<number>;

  /**
   * Lets go of what it holds open, after everything under way is stored. Never
   * closes a client or pool that was passed in. What is still claimed stays
   * claimable by others once its lease ends, or sooner.
   */
  abstract close(): MaybePromise<void>;
}
