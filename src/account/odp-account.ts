import { Delivery } from '../delivery/index.js';
import { CredentialsHolder, OdpCalls, OdpClient } from '../odp/index.js';
import {
  factsOf,
  GuardedLogger,
  RateLimitedLogger,
  Reporter,
  type DeliveryLogger,
  type OdpStats,
} from '../reporting/index.js';
import { type Clock, within } from '../clock.js';
import { type OdpError, OdpOutboxError } from '../errors/index.js';
import {
  EventMaker,
  lastLook,
  type MadeEvent,
  type OdpEvent,
} from '../events/index.js';
import type { ResolvedOptions } from './resolved-options.js';
import {
  type AppendOptions,
  type ErasedEvents,
  type OutboxEvent,
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
import { BootLines } from './boot-lines.js';
import { lastLine } from './last-line.js';
import type { ProcessEnd } from './process-end.js';
import { Refusals } from './refusals.js';

/** The outer world of an account; tests put their own in its place. */
export interface OdpRuntime {
  readonly clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  readonly logger: DeliveryLogger;
}

/** What an account is made of. */
export interface OdpAccountParts {
  /** `default` unless the module was given a name. */
  readonly name: string;
  readonly options: ResolvedOptions;
  readonly transport: OdpTransport;
  readonly callers: CallerContext;
  /** What decorators are about to send, to this account or another. */
  readonly background: BackgroundWork;
  readonly processEnd: ProcessEnd;
  readonly runtime: OdpRuntime;
}

/** How long an app that ends waits for the integration to let go, in ms. */
const CLOSE_GRACE_MS = 1000;

/** One ODP account: its state, and its events' way from being made to the outbox. */
export class OdpAccount {
  readonly name: string;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly caller: Caller;
  readonly refusals: Refusals;
  /** Absent if nothing is ever sent. */
  readonly delivery: Delivery | undefined;
  readonly #parts: OdpAccountParts;
  readonly #logger: DeliveryLogger;
  readonly #bootLines: BootLines;
  readonly #maker: EventMaker;
  readonly #flushes: AccountFlushes;
  readonly #integration: AccountIntegration | undefined;
  readonly #calls: OdpCalls | undefined;
  readonly #ended = new AbortController();
  #state: AccountState;
  #lastFailure: CallFailure | undefined;
  #closed: Promise<void> | undefined;
  #sends = false;
  #erased = 0;
  #source: string | undefined;

  constructor(parts: OdpAccountParts) {
    const { name, options, transport, runtime } = parts;
    const { clock } = runtime;
    const { apiKey, apiHost, delivery } = options;
    this.#parts = parts;
    this.name = name;
    this.clock = clock;
    this.#logger = new GuardedLogger(runtime.logger);
    this.#bootLines = new BootLines(this.#logger, name);
    this.reporter = new Reporter(
      name,
      clock,
      new RateLimitedLogger(runtime.logger, clock),
    );
    this.refusals = new Refusals(this.reporter, options.identity !== undefined);
    this.caller = new Caller({
      callers: parts.callers,
      identity: options.identity,
      account: this,
      reporter: this.reporter,
    });
    this.#maker = new EventMaker({
      commonData: options.commonData,
      eventTime: options.eventTime,
      allowPlaceholderIdentifiers: options.allowPlaceholderIdentifiers,
      now: () => clock.now(),
    });
    if (options.enabled && options.integration !== undefined) {
      this.#integration = new AccountIntegration({
        integration: options.integration,
        allowInsecureHost: options.allowInsecureHost,
        clock,
        reporter: this.reporter,
        changed: () => this.delivery?.credentialsChanged(),
        drain: (timeout) => this.#drain(timeout),
      });
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
      this.delivery = new Delivery({
        outbox: options.outbox,
        client: new OdpClient(transport, clock, {
          account: name,
          credentials,
          requestTimeout: delivery.requestTimeout,
        }),
        reporter: this.reporter,
        clock,
        random: () => runtime.random(),
        delivery,
        deadLetters: options.deadLetters,
      });
      this.#calls = new OdpCalls({
        account: name,
        transport,
        credentials,
        clock,
        random: () => runtime.random(),
        failed: (route, problem) => {
          this.#lastFailure = { route, problem, at: clock.monotonic() };
        },
      });
    }
    this.#flushes = new AccountFlushes({
      delivery: this.delivery,
      background: parts.background,
      reporter: this.reporter,
      clock,
      durability: options.outbox.durability,
      accountKnown: async (timeout) => {
        if (this.#isHolding && this.stats().pending > 0) {
          await this.#integration?.ready(timeout, true);
        }
      },
    });
  }

  get allowPlaceholderIdentifiers(): boolean {
    return this.#parts.options.allowPlaceholderIdentifiers;
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
    return this.#parts.options.delivery.requestTimeout;
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
   * Opens the outbox and says what was set up, and what looks like a mistake.
   *
   * @throws OdpConfigurationError when the outbox can never be opened
   */
  async open(): Promise<void> {
    const { options } = this.#parts;
    if (this.#state === 'disabled') {
      this.#bootLines.disabled();
    } else if (this.delivery === undefined) {
      this.#bootLines.notIntegrated();
    } else {
      await this.delivery.open();
      ageDeadLetters({
        outbox: this.delivery.outbox,
        clock: this.clock,
        reporter: this.reporter,
        maxAge: options.deadLetters.maxAge,
        ended: this.ended,
      });
      await this.#integration?.start();
      this.#bootLines.opened(options, this.#integration !== undefined);
    }
  }

  /**
   * What asks ODP and waits for the answer.
   *
   * @throws the error of an account that is not open
   */
  get calls(): OdpCalls {
    const refusal = refusalOf(this.state, 'Nothing was asked of ODP');
    if (refusal !== undefined) throw refusal;
    // An open account has them.
    return this.#calls!;
  }

  /** The last of its calls that failed. */
  get lastFailure(): CallFailure | undefined {
    return this.#lastFailure;
  }

  /** The app has booted: warns if its end would lose events. */
  booted(): void {
    if (this.delivery !== undefined) {
      this.#bootLines.booted(this.#parts.options);
    }
  }

  /**
   * Checks and completes an event.
   *
   * @param identity `false`: without the identifiers of whoever is calling
   * @returns `undefined` if `beforeSend` withholds it
   * @throws OdpValidationError, and the error of an account that takes no events
   */
  make(event: OdpEvent, identity = true): MadeEvent | undefined {
    this.#mustBeOpen();
    const caller = identity ? this.caller.identifiers() : undefined;
    const { beforeSend, allowPlaceholderIdentifiers } = this.#parts.options;
    if (beforeSend === undefined) return this.#maker.make(event, caller);
    const looked = lastLook(
      event,
      caller,
      { beforeSend, allowPlaceholderIdentifiers },
      (how) => this.reporter.beforeSendFailed(how),
    );
    if (looked !== undefined) return this.#maker.make(looked);
    this.reporter.withheld();
    return undefined;
  }

  /**
   * Hands made events to the outbox; returns, or resolves, when it has them.
   *
   * @throws OdpOutboxFullError, OdpOutboxError, and the error of an account that takes no events
   */
  append(
    events: readonly OutboxEvent[],
    options?: AppendOptions,
  ): void | Promise<void> {
    this.#mustBeOpen();
    if (!this.#sends) {
      this.#sends = true;
      this.#parts.processEnd.add(this.#processEnds);
    }
    return this.delivery?.append(events, options);
  }

  /** Names the handler from which what `track` tracks comes, for what goes wrong. */
  trackFrom(source: string, track: () => void): void {
    this.#source = source;
    try {
      track();
    } finally {
      this.#source = undefined;
    }
  }

  /**
   * Takes an event that nobody waits for: whatever goes wrong is reported. Never throws.
   *
   * @param identity as of {@link make}
   */
  track(event: OdpEvent, identity?: boolean): void {
    const source = this.#source;
    let id: string | undefined;
    try {
      const made = this.make(event, identity);
      if (made === undefined) return;
      id = made.id;
      const appended = this.append([made]);
      if (appended instanceof Promise) {
        appended.catch((error: unknown) =>
          this.refusals.lost(error, id, source),
        );
      }
    } catch (error) {
      this.refusals.tracked(error, id, source, identity);
    }
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
      oldestPendingAge: oldestAge,
      suspended: this.delivery?.suspended ?? false,
      paused: this.delivery?.paused ?? false,
      deadLetters,
    };
  }

  /** How delivery fares. Never rejects. */
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

  /** Everything accepted so far, and what decorators are about to send. */
  flush(timeout: number): Promise<{ pending: number }> {
    return this.#flushes.flush(timeout);
  }

  /** The last flush; afterwards no event is taken. Never rejects, and runs once. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { shutdownTimeout } = this.#parts.options.delivery;
    this.#ended.abort();
    this.#parts.processEnd.remove(this.#processEnds);
    this.#integration?.hurry();
    const timeLeft = await this.#flushes.last(shutdownTimeout);
    if (this.#state === 'open') this.#state = 'closed';
    const end = this.clock.monotonic() + timeLeft + CLOSE_GRACE_MS;
    const integrationClosed = this.#integration?.close();
    if (this.delivery !== undefined) {
      this.#logLastLine(await this.delivery.close(timeLeft));
    }
    this.#calls?.close();
    // It may be the app's own, and hang.
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

  #logLastLine(left: number | undefined): void {
    const { outbox } = this.#parts.options;
    const { counters } = this.reporter;
    const { level, text, facts } = lastLine({
      left,
      erased: this.#erased,
      counters,
      outbox,
    });
    this.#logger[level](`${text} ${factsOf({ account: this.name, ...facts })}`);
  }

  /** What waits goes to the account that is replaced, unless that has refused it before. */
  async #drain(timeout: number): Promise<void> {
    const { delivery } = this;
    if (delivery?.suspended === false) await delivery.flush(timeout);
  }

  /** Whether events wait until the integration knows the account. */
  get #isHolding(): boolean {
    return this.state === 'notReady' && this.#integration?.holds === true;
  }

  /** Why no event is taken now; `undefined` if it is. */
  get #refusal(): OdpError | undefined {
    return this.#isHolding ? undefined : refusalOf(this.state);
  }

  #mustBeOpen(): void {
    const refusal = this.#refusal;
    if (refusal !== undefined) throw refusal;
  }
}
