import { Delivery, type LastDeadlines } from '../delivery/index.js';
import {
  CredentialsHolder,
  OdpCalls,
  OdpClient,
  OdpHttp,
} from '../odp/index.js';
import {
  GuardedLogger,
  RateLimitedLogger,
  Reporter,
  type DeliveryLogger,
  type OdpStats,
} from '../reporting/index.js';
import { type Clock, within } from '../clock.js';
import { type OdpError, OdpOutboxError } from '../errors/index.js';
import type { ResolvedOptions } from './resolved-options.js';
import type {
  AppendOptions,
  ErasedEvents,
  OutboxEvent,
} from '../outbox/index.js';
import type { OdpTransport } from '../odp/index.js';
import type { CallerContext } from '../identity/index.js';
import {
  type AccountHealth,
  type CallFailure,
  type HealthLimits,
  healthOf,
} from './account-health.js';
import { AccountFlushes } from './account-flushes.js';
import { AccountIntegration } from './account-integration.js';
import { type AccountState, refusalOf } from './account-state.js';
import type { BackgroundWork } from './background-work.js';
import { Caller } from './caller.js';
import { ageDeadLetters } from './dead-letter-aging.js';
import { EventIntake } from './event-intake.js';
import { AccountLog } from './account-log.js';
import type { AccountOutboxes } from './account-outboxes.js';
import type { ProcessEnd } from './process-end.js';

/** What an account needs of the outside world; tests replace it. */
export interface OdpRuntime {
  readonly clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  readonly logger: DeliveryLogger;
}

/** What all accounts of an app share. */
export interface SharedByAccounts {
  readonly callers: CallerContext;
  /** What decorators are about to send, to this account or another. */
  readonly background: BackgroundWork;
  readonly processEnd: ProcessEnd;
  readonly outboxes: AccountOutboxes;
}

/** How long closing waits for the integration to stop, in ms. */
const CLOSE_GRACE_MS = 1000;
/** How long the app may take after its boot to listen to SIGTERM, in ms. */
const BOOT_GRACE_MS = 5000;

/** One ODP account: what it consists of, its state, and how it opens and closes. */
export class OdpAccount {
  readonly name: string;
  /** Stands for the app, which all of its accounts share it with. */
  readonly app: object;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly caller: Caller;
  /** Makes events and hands them to the outbox. */
  readonly intake: EventIntake;
  /** Absent if nothing is ever sent. */
  readonly delivery: Delivery | undefined;
  readonly #options: ResolvedOptions;
  readonly #processEnd: ProcessEnd;
  readonly #outboxes: AccountOutboxes;
  readonly #log: AccountLog;
  readonly #flushes: AccountFlushes;
  readonly #integration: AccountIntegration | undefined;
  readonly #calls: OdpCalls | undefined;
  readonly #ended = new AbortController();
  #state: AccountState;
  #lastFailure: CallFailure | undefined;
  #handedOver: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** How much of `shutdownTimeout` is left, in ms. */
  #shutdownTime: number;
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
    const { apiKey, apiHost, delivery } = options;
    this.#options = options;
    this.#shutdownTime = delivery.shutdownTimeout;
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
    if (options.enabled && options.integration !== undefined) {
      this.#integration = new AccountIntegration(
        options.integration,
        options.allowInsecureHost,
        clock,
        this.reporter,
        {
          credentialsChanged: () => this.delivery?.credentialsChanged(),
          drain: (timeout) => this.#drain(timeout),
        },
      );
    }
    const credentials =
      this.#integration?.credentials ??
      (apiKey === undefined
        ? undefined
        : new CredentialsHolder({ apiKey, apiHost }));
    if (!options.enabled) {
      this.#state = 'disabled';
    } else if (credentials === undefined) {
      this.#state = 'notIntegrated';
    } else {
      this.#state = 'open';
      const http = new OdpHttp(name, credentials, transport, clock, this.app);
      this.delivery = new Delivery(
        options,
        new OdpClient(http, clock, delivery.requestTimeout),
        this.reporter,
        clock,
        () => runtime.random(),
      );
      this.#calls = new OdpCalls(
        http,
        clock,
        () => runtime.random(),
        (route, problem) => {
          this.#lastFailure = { route, problem, at: clock.monotonic() };
        },
      );
    }
    this.#flushes = new AccountFlushes(
      this.delivery,
      background,
      this.reporter,
      clock,
      async (timeout) => {
        if (this.#isHolding && this.stats().pending > 0) {
          await this.#integration?.ready(timeout, true);
        }
      },
    );
  }

  get allowPlaceholderIdentifiers(): boolean {
    return this.#options.allowPlaceholderIdentifiers;
  }

  /** Names of the segments that the datafile's audiences use; `undefined` without one. */
  get segments(): readonly string[] | undefined {
    return this.#integration?.segments;
  }

  /** Calls `listener`, which must not throw, when key and host have changed. */
  onCredentialsChange(listener: () => void): void {
    this.#integration?.credentials.onChange(listener);
  }

  /** How long a function of a decorator may take, in ms. */
  get requestTimeout(): number {
    return this.#options.delivery.requestTimeout;
  }

  get state(): AccountState {
    return this.#state === 'open'
      ? (this.#integration?.state ?? 'open')
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
      await this.#integration?.start();
      this.#log.opened(this.#options, this.#integration !== undefined);
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
    // An open account has it.
    return this.#calls!;
  }

  /** The last of its calls that failed. */
  get lastFailure(): CallFailure | undefined {
    return this.#lastFailure;
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
   * Instances that share it take over: what is under way is finished and recorded;
   * events are still accepted. Never rejects, and runs once.
   */
  handOver(): Promise<void> {
    const { delivery } = this;
    if (delivery?.outbox.durability !== 'server') return Promise.resolve();
    this.#handedOver ??= this.#handOver(delivery);
    return this.#handedOver;
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

  /** The deadlines of a last flush that starts now. */
  get #lastDeadlines(): LastDeadlines {
    const { outbox, delivery } = this.#options;
    const { shutdownTimeout, requestTimeout } = delivery;
    const requests = this.clock.monotonic() + this.#shutdownTime;
    // What a durable outbox holds is sent later anyway, so rather let requests
    // finish: events of one that is cut off would be sent again.
    const reserve =
      outbox.durability === 'process'
        ? 0
        : Math.min(shutdownTimeout / 5, requestTimeout);
    return { claims: requests - reserve, requests };
  }

  async #handOver(delivery: Delivery): Promise<void> {
    const since = this.clock.monotonic();
    await delivery.handOver(this.#lastDeadlines);
    this.#shutdownTime -= Math.min(
      this.clock.monotonic() - since,
      this.#shutdownTime,
    );
  }

  async #close(): Promise<void> {
    const { outbox } = this.#options;
    this.#ended.abort();
    this.#processEnd.remove(this.#processEnds);
    this.#integration?.hurry();
    await this.#handedOver;
    const deadlines = this.#lastDeadlines;
    await this.#flushes.last(deadlines.claims, outbox.durability);
    if (this.#state === 'open') this.#state = 'closed';
    const end = deadlines.requests + CLOSE_GRACE_MS;
    const integrationClosed = this.#integration?.close();
    if (this.delivery !== undefined) {
      this.#log.closed({
        left: await this.delivery.close(deadlines),
        erased: this.#erased,
        counters: this.reporter.counters,
        outbox,
      });
    }
    this.#calls?.close();
    // The integration may be the app's own, and hang.
    const left = end - this.clock.monotonic();
    await within(
      this.clock,
      left,
      Promise.resolve(integrationClosed),
      () => {},
      true,
    );
    this.reporter.complete();
  }

  /** A script that sends and simply ends delivers first. */
  readonly #processEnds = () => {
    if (this.stats().pending > 0) void this.close();
  };

  /** Waiting events still go to the account that is replaced, unless it has refused them. */
  async #drain(timeout: number): Promise<void> {
    const { delivery } = this;
    if (delivery?.suspended === false) await delivery.flush(timeout);
  }

  /** Why no event is taken now; asked twice for each event. */
  #refusal(): OdpError | undefined {
    const { state } = this;
    if (state === 'open') return undefined;
    return this.#isHolding ? undefined : refusalOf(state);
  }

  /** Whether events wait until the integration knows the account. */
  get #isHolding(): boolean {
    return this.state === 'notReady' && this.#integration?.holds === true;
  }
}
