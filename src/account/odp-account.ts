import type { Delivery } from '../delivery/index.js';
import type { OdpCalls, OdpTransport } from '../odp/index.js';
import {
  GuardedLogger,
  RateLimitedLogger,
  Reporter,
  type OdpStats,
} from '../reporting/index.js';
import type { Clock } from '../clock.js';
import { type OdpError, OdpOutboxError } from '../errors/index.js';
import type { ResolvedOptions } from './resolved-options.js';
import type {
  AppendOptions,
  ErasedEvents,
  OutboxEvent,
} from '../outbox/index.js';
import {
  type AccountHealth,
  type CallFailure,
  type HealthLimits,
  healthOf,
} from './account-health.js';
import type { OdpRuntime, SharedByAccounts } from './account-runtime.js';
import { AccountShutdown } from './account-shutdown.js';
import { AccountConnection } from './account-connection.js';
import { AccountFlushes } from './account-flushes.js';
import { type AccountState, refusalOf } from './account-state.js';
import { Caller } from './caller.js';
import { ageDeadLetters } from './dead-letter-aging.js';
import { EventIntake } from './event-intake.js';
import { AccountLog } from './account-log.js';
import type { AccountOutboxes } from './account-outboxes.js';
import type { ProcessEnd } from './process-end.js';

/** How long the app may take after its boot to listen to SIGTERM, in ms. */
const BOOT_GRACE_MS = 5000;

/** One ODP account: what it consists of, and whether it is open. */
export class OdpAccount {
  readonly name: string;
  /** Stands for the app; all of its accounts share it. */
  readonly app: object;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly caller: Caller;
  /** Makes events and hands them to the outbox. */
  readonly intake: EventIntake;
  readonly #options: ResolvedOptions;
  readonly #processEnd: ProcessEnd;
  readonly #outboxes: AccountOutboxes;
  readonly #log: AccountLog;
  readonly #flushes: AccountFlushes;
  /** Absent if nothing is ever sent. */
  readonly #connection: AccountConnection | undefined;
  readonly #shutdown: AccountShutdown;
  readonly #ended = new AbortController();
  #state: AccountState;
  #closed: Promise<void> | undefined;
  #sends = false;
  #erased = 0;

  /** @param name `default` unless the module was given one */
  constructor(
    name: string,
    options: ResolvedOptions,
    transport: OdpTransport,
    runtime: OdpRuntime,
    { callers, background, processEnd, outboxes }: SharedByAccounts,
  ) {
    const { clock } = runtime;
    this.#options = options;
    this.#processEnd = processEnd;
    this.#outboxes = outboxes;
    this.name = name;
    this.app = callers;
    this.clock = clock;
    this.#log = new AccountLog(new GuardedLogger(runtime.logger), name);
    this.reporter = new Reporter(
      name,
      clock,
      new RateLimitedLogger(runtime.logger, clock),
      this.app,
    );
    this.caller = new Caller(this, callers, options.identity, this.reporter);
    this.intake = new EventIntake(options, clock, this.caller, this.reporter, {
      refusal: () => this.#refusal(),
      append: (events, appending) => this.#append(events, appending),
    });
    if (!options.enabled) {
      this.#state = 'disabled';
    } else if (
      options.apiKey === undefined &&
      options.integration === undefined
    ) {
      this.#state = 'notIntegrated';
    } else {
      this.#state = 'open';
      this.#connection = new AccountConnection(
        name,
        this.app,
        options,
        transport,
        runtime,
        this.reporter,
      );
    }
    this.#flushes = new AccountFlushes(
      this.delivery,
      background,
      this.reporter,
      clock,
      async (timeout) => {
        if (this.#isHolding && this.stats().pending > 0) {
          await this.#connection?.integration?.ready(timeout, true);
        }
      },
    );
    this.#shutdown = new AccountShutdown(
      options,
      clock,
      this.#flushes,
      this.#connection,
    );
  }

  /** Absent if nothing is ever sent. */
  get delivery(): Delivery | undefined {
    return this.#connection?.delivery;
  }

  get allowPlaceholderIdentifiers(): boolean {
    return this.#options.allowPlaceholderIdentifiers;
  }

  /** Names of the segments that the datafile's audiences use; `undefined` without one. */
  get segments(): readonly string[] | undefined {
    return this.#connection?.integration?.segments;
  }

  /** Calls `listener`, which must not throw, when key and host have changed. */
  onCredentialsChange(listener: () => void): void {
    this.#connection?.integration?.credentials.onChange(listener);
  }

  /** How long a function of a decorator may take, in ms. */
  get requestTimeout(): number {
    return this.#options.delivery.requestTimeout;
  }

  get state(): AccountState {
    return this.#state === 'open'
      ? (this.#connection?.integration?.state ?? 'open')
      : this.#state;
  }

  /** Aborted when the last flush begins. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /**
   * Opens the outbox, and logs what was set up and what looks like a mistake.
   *
   * @throws OdpConfigurationError when the outbox can never be opened, or is another account's too
   */
  async open(): Promise<void> {
    if (this.#state === 'disabled') {
      this.#log.disabled();
    } else if (this.delivery === undefined) {
      this.#log.notIntegrated();
    } else {
      this.#outboxes.add(this.name, this.#options.outbox);
      await this.delivery.open();
      ageDeadLetters(
        this.delivery.outbox,
        this.#options.deadLetters.maxAge,
        this.clock,
        this.ended,
      );
      await this.#connection?.integration?.start();
      this.#log.opened(
        this.#options,
        this.#connection?.integration !== undefined,
      );
    }
  }

  /**
   * Makes requests whose answer somebody waits for.
   *
   * @throws the error of an account that is not open
   */
  get calls(): OdpCalls {
    const refusal = refusalOf(this.state, 'Nothing was asked of ODP');
    if (refusal !== undefined) throw refusal;
    // An open account has one.
    return this.#connection!.calls;
  }

  /** The last of its calls that failed. */
  get lastFailure(): CallFailure | undefined {
    return this.#connection?.lastFailure;
  }

  /** The app has booted: warns if its end would lose events. */
  booted(): void {
    if (this.delivery === undefined) return;
    // The app may call enableShutdownHooks() after it listens.
    const callOff = this.clock.schedule(
      () => this.#log.booted(this.#options),
      BOOT_GRACE_MS,
      false,
    );
    this.ended.addEventListener('abort', callOff);
  }

  stats(): OdpStats {
    const {
      pending,
      oldestAge = 0,
      deadLetters,
    } = this.delivery?.counts() ?? { pending: 0, deadLetters: 0 };
    return {
      ...this.reporter.counters,
      pending,
      inFlight: this.delivery?.inFlight ?? 0,
      oldestPendingAge: Math.round(oldestAge),
      suspended: this.delivery?.suspended ?? false,
      paused: this.delivery?.paused ?? false,
      deadLetters,
    };
  }

  /** The health of delivery. Never rejects. */
  health(limits: HealthLimits): Promise<AccountHealth> {
    return healthOf(this, limits);
  }

  /**
   * Forgets a customer's events and dead letters.
   *
   * @throws OdpOutboxError when the outbox fails, or is not open
   */
  async erase(
    identifiers: Readonly<Record<string, string>>,
  ): Promise<ErasedEvents> {
    if (this.delivery !== undefined) {
      const erased = await this.delivery.erase(identifiers);
      this.#erased += erased.pending;
      return erased;
    }
    throw new OdpOutboxError(
      'The outbox is not open, as no ODP account is integrated and enabled; nothing was erased. Erase in an app that sends to ODP.',
    );
  }

  /** Delivers everything accepted so far, and what decorators are about to send. */
  flush(timeout: number): Promise<{ pending: number }> {
    return this.#flushes.flush(timeout);
  }

  /**
   * The app begins to shut down, and may close the outbox's store from now on.
   * Never rejects, and runs once.
   */
  handOver(): Promise<void> {
    return this.#shutdown.handOver();
  }

  /** The last flush; afterwards no event is taken. Never rejects, and runs once. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #append(
    events: readonly OutboxEvent[],
    options: AppendOptions | undefined,
  ): void | Promise<void> {
    if (!this.#sends) {
      this.#sends = true;
      this.#processEnd.add(this.#processEnds);
    }
    return this.delivery?.append(events, options);
  }

  async #close(): Promise<void> {
    this.#ended.abort();
    this.#processEnd.remove(this.#processEnds);
    await this.#shutdown.close(
      () => {
        if (this.#state === 'open') this.#state = 'closed';
      },
      (left) =>
        this.#log.closed({
          left,
          erased: this.#erased,
          counters: this.reporter.counters,
          outbox: this.#options.outbox,
        }),
    );
    this.reporter.complete();
  }

  /** A script that sends and simply ends delivers first. */
  readonly #processEnds = () => {
    if (this.stats().pending > 0) void this.close();
  };

  /** Why no event is taken now; asked for each event. */
  #refusal(): OdpError | undefined {
    const { state } = this;
    if (state === 'open') return undefined;
    return this.#isHolding ? undefined : refusalOf(state);
  }

  /** Whether events wait until the integration knows the account. */
  get #isHolding(): boolean {
    return (
      this.state === 'notReady' && this.#connection?.integration?.holds === true
    );
  }
}
