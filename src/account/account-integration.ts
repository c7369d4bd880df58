import { type Clock, within } from '../clock.js';
import type { OdpViolation } from '../errors/index.js';
import {
  checkApiHost,
  CredentialsHolder,
  isApiKey,
  type OdpCredentials,
  type OdpIntegration,
  type OdpIntegrationState,
} from '../odp/index.js';
import { nameOfThrown } from '../names.js';
import type { Reporter } from '../reporting/index.js';

/** What a change of key and host means for events that wait. */
export interface WaitingEvents {
  /** Key and host have changed, or there are none now. */
  credentialsChanged(): void;
  /** Sends waiting events with the present key and host, for at most this many ms. */
  drain(timeout: number): Promise<unknown>;
}

type Announced = OdpCredentials | undefined | 'nothing';

/** How long waiting events may still go to the account that is replaced, in ms. */
const MAX_DRAIN_MS = 10_000;
/** How long an integration may take to stop, in ms. */
const STOP_TIMEOUT_MS = 500;

/** Follows the key and host that an integration names, and keeps the last usable ones. */
export class AccountIntegration {
  readonly credentials = new CredentialsHolder();
  readonly #integration: OdpIntegration;
  readonly #allowInsecureHost: boolean;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  readonly #waiting: WaitingEvents;
  #state: 'notReady' | 'notIntegrated' | 'open' = 'notReady';
  #problem: string | undefined;
  #segments: readonly string[] | undefined;
  #isLate = false;
  #ready = () => {};
  readonly #isReady = new Promise<void>((resolve) => {
    this.#ready = resolve;
  });
  /** What to use from now on; `credentials` follows once waiting events have been sent. */
  #wanted: OdpCredentials | undefined;
  #isDraining = false;
  #announced: Announced = 'nothing';
  #isClosed = false;
  /** Stops the integration. */
  #stop: () => unknown = () => {};

  /** @param allowInsecureHost whether it may name a host by plain http */
  constructor(
    integration: OdpIntegration,
    allowInsecureHost: boolean,
    clock: Clock,
    reporter: Reporter,
    waiting: WaitingEvents,
  ) {
    this.#integration = integration;
    this.#allowInsecureHost = allowInsecureHost;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#waiting = waiting;
    this.credentials.onChange(() => waiting.credentialsChanged());
  }

  get state(): 'notReady' | 'notIntegrated' | 'open' {
    return this.#state;
  }

  /** The segments that the datafile's audiences use, if known. */
  get segments(): readonly string[] | undefined {
    return this.#segments;
  }

  /** Whether events wait in the outbox until the account is known. */
  get holds(): boolean {
    return this.#integration.whenNotReady === 'hold';
  }

  /** Resolves with the first usable answer, or after `readyTimeout`. */
  async start(): Promise<void> {
    const { readyTimeout } = this.#integration;
    this.#begin();
    await this.ready(readyTimeout, true);
    if (this.#state !== 'notReady') return;
    this.#isLate = true;
    this.#failed(
      this.#problem ?? `has not named the ODP account after ${readyTimeout} ms`,
    );
  }

  /** Resolves with the first usable answer, or after `timeout` ms. */
  ready(timeout: number, keepAlive = false): Promise<void> {
    return within(this.#clock, timeout, this.#isReady, () => {}, keepAlive);
  }

  /** The app is ending: no time is left for an account that has been replaced. */
  endDraining(): void {
    if (this.#isDraining && this.#wanted !== undefined) {
      this.credentials.set(this.#wanted);
    }
  }

  /** Never rejects, and does not wait for an integration that hangs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const stopped = (async () => this.#stop())().catch(() => {
      // Nothing of the integration is used any more.
    });
    await within(this.#clock, STOP_TIMEOUT_MS, stopped, () => {}, true);
  }

  #begin(): void {
    try {
      this.#stop = this.#integration.start((state) => this.#take(state));
    } catch (error) {
      this.#failed(`could not be watched: ${nameOfThrown(error)} was thrown`);
    }
  }

  #take(state: OdpIntegrationState): void {
    if (this.#isClosed) return;
    if (state.kind === 'unusable') {
      this.#failed(state.problem);
      return;
    }
    if (state.kind === 'notIntegrated') {
      this.#become('notIntegrated', undefined);
      return;
    }
    const { apiKey, apiHost } = state;
    const problems: OdpViolation[] = [];
    const host = checkApiHost(apiHost, this.#allowInsecureHost, problems);
    const [problem] = problems;
    if (problem !== undefined) {
      this.#failed(
        `names an ODP host that cannot be used (it ${problem.message})`,
      );
    } else if (!isApiKey(apiKey)) {
      this.#failed('names an ODP key with spaces or control characters');
    } else {
      this.#segments = state.segments;
      this.#become('open', { apiKey, apiHost: host });
    }
  }

  #become(
    state: 'notIntegrated' | 'open',
    wanted: OdpCredentials | undefined,
  ): void {
    this.#state = state;
    this.#problem = undefined;
    this.#wanted = wanted;
    if (wanted === undefined) this.#announce();
    if (!this.#isDraining) void this.#change();
    this.#ready();
  }

  async #change(): Promise<void> {
    const { credentials } = this;
    const { current } = credentials;
    if (current !== undefined && !areSame(current, this.#wanted)) {
      this.#isDraining = true;
      // A flush that fails has been reported; the change goes on regardless.
      const drained = this.#waiting.drain(MAX_DRAIN_MS).catch(() => {});
      await within(this.#clock, MAX_DRAIN_MS, drained, () => undefined);
      this.#isDraining = false;
    }
    if (this.#isClosed) return;
    credentials.set(this.#wanted);
    this.#announce();
  }

  #announce(): void {
    const { source } = this.#integration;
    const wanted = this.#wanted;
    const before = this.#announced;
    if (before !== 'nothing' && areSame(before, wanted)) return;
    this.#announced = wanted;
    if (wanted === undefined) {
      this.#reporter.disintegrated(source);
    } else {
      const isAnother = before !== 'nothing' && before !== undefined;
      this.#reporter.integrated(source, wanted.apiHost, isAnother);
    }
  }

  #failed(problem: string): void {
    this.#problem = problem;
    this.#reporter.integrationFailed(
      this.#integration.source,
      problem,
      this.#meanwhile,
    );
  }

  /** What happens until the integration names an account, for the log. */
  get #meanwhile(): string {
    if (this.#state !== 'notReady') return 'what it named last stays in use';
    if (!this.#isLate) {
      return `the boot waits for at most ${this.#integration.readyTimeout} ms`;
    }
    return this.holds
      ? 'events wait in the outbox until it names the ODP account'
      : 'every event is discarded until it names the ODP account';
  }
}

const areSame = (
  one: OdpCredentials | undefined,
  other: OdpCredentials | undefined,
) => one?.apiKey === other?.apiKey && one?.apiHost === other?.apiHost;
