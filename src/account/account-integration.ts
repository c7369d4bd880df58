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
import type { Reporter } from '../reporting/index.js';

/** What it works with. */
export interface AccountIntegrationParts {
  readonly integration: OdpIntegration;
  /** Whether it may name a host by plain http. */
  readonly allowInsecureHost: boolean;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Key and host have changed, or gone. */
  changed(): void;
}

/** How long an integration may take to stop, in ms. */
const STOP_TIMEOUT_MS = 500;

/** An account whose key and host an integration names: keeps the last usable ones. */
export class AccountIntegration {
  readonly credentials = new CredentialsHolder();
  readonly #parts: AccountIntegrationParts;
  #state: 'notReady' | 'notIntegrated' | 'open' = 'notReady';
  #problem: string | undefined;
  #isLate = false;
  #ready = () => {};
  #stop: () => void | Promise<void> = () => {};

  constructor(parts: AccountIntegrationParts) {
    this.#parts = parts;
    this.credentials.onChange(() => parts.changed());
  }

  get state(): 'notReady' | 'notIntegrated' | 'open' {
    return this.#state;
  }

  /** Whether events wait in the outbox until the account is known. */
  get holds(): boolean {
    return this.#parts.integration.whenNotReady === 'hold';
  }

  /** Resolves with the first usable answer, or after `readyTimeout`. */
  async start(): Promise<void> {
    const { integration, clock } = this.#parts;
    const { readyTimeout } = integration;
    await new Promise<void>((resolve) => {
      const clear = clock.schedule(resolve, readyTimeout, true);
      this.#ready = () => {
        clear();
        resolve();
      };
      this.#stop = integration.start((state) => this.#take(state));
    });
    if (this.#state !== 'notReady') return;
    this.#isLate = true;
    this.#failed(
      this.#problem ?? `has not told the ODP account after ${readyTimeout} ms`,
    );
  }

  /** Never rejects, and takes no longer than that. */
  async close(): Promise<void> {
    try {
      const stopped = Promise.resolve(this.#stop());
      await within(this.#parts.clock, STOP_TIMEOUT_MS, stopped, () => {}, true);
    } catch {
      // Whatever it was, nothing of it is used any more.
    }
  }

  #take(state: OdpIntegrationState): void {
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
    const host = checkApiHost(apiHost, this.#parts.allowInsecureHost, problems);
    if (problems.length > 0) {
      this.#failed('names an ODP host that is no https URL');
    } else if (!isApiKey(apiKey)) {
      this.#failed('names an ODP key with spaces or control characters');
    } else {
      this.#become('open', { apiKey, apiHost: host });
    }
  }

  #become(
    state: 'notIntegrated' | 'open',
    next: OdpCredentials | undefined,
  ): void {
    const { integration, reporter } = this.#parts;
    const before = this.credentials.current;
    const isFirst = this.#state === 'notReady';
    this.#state = state;
    this.#problem = undefined;
    this.credentials.set(next);
    if (isFirst || this.credentials.current !== before) {
      if (next === undefined) reporter.disintegrated(integration.source);
      else reporter.integrated(integration.source, next.apiHost);
    }
    this.#ready();
  }

  #failed(problem: string): void {
    this.#problem = problem;
    const { integration, reporter } = this.#parts;
    reporter.integrationFailed(integration.source, problem, this.#meanwhile);
  }

  /** What is done while it cannot tell the account. */
  get #meanwhile(): string {
    if (this.#state !== 'notReady') return 'what it told last holds';
    if (!this.#isLate) {
      return `the boot waits for at most ${this.#parts.integration.readyTimeout} ms`;
    }
    return this.holds
      ? 'events wait in the outbox until it tells the ODP account'
      : 'every event is discarded until it tells the ODP account';
  }
}
