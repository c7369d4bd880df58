import type { Clock } from '../clock.js';
import {
  CredentialsHolder,
  type OdpIntegration,
  type OdpIntegrationState,
} from '../odp/index.js';
import type { DeliveryLogger } from '../reporting/index.js';

/** What it works with. */
export interface AccountIntegrationParts {
  readonly account: string;
  readonly integration: OdpIntegration;
  readonly clock: Clock;
  readonly logger: DeliveryLogger;
  /** Key and host have changed, or gone. */
  changed(): void;
}

/** An account whose key and host an integration names: keeps the last usable ones. */
export class AccountIntegration {
  readonly credentials = new CredentialsHolder();
  readonly #parts: AccountIntegrationParts;
  #state: 'notReady' | 'notIntegrated' | 'open' = 'notReady';

  constructor(parts: AccountIntegrationParts) {
    this.#parts = parts;
    this.credentials.onChange(() => parts.changed());
  }

  get state(): 'notReady' | 'notIntegrated' | 'open' {
    return this.#state;
  }

  /** Resolves with the first usable answer, or after `readyTimeout`. */
  async start(): Promise<void> {
    const { integration, clock, logger, account } = this.#parts;
    const { source, readyTimeout } = integration;
    await new Promise<void>((resolve) => {
      const clear = clock.schedule(resolve, readyTimeout, true);
      integration.start((state) => {
        this.#take(state);
        if (this.#state === 'notReady') return;
        clear();
        resolve();
      });
    });
    if (this.#state !== 'notReady') return;
    logger.warn(
      `${source} has not named the ODP account within ${readyTimeout} ms: until it does, every event is discarded. Check that it can be reached from here [account=${account}]`,
    );
  }

  async close(): Promise<void> {
    await this.#parts.integration.close();
  }

  #take(state: OdpIntegrationState): void {
    const { integration, logger, account } = this.#parts;
    const { source } = integration;
    if (state.kind === 'invalid') {
      const now =
        this.#state === 'open'
          ? 'the last usable account holds'
          : 'it is asked again';
      logger.warn(
        `${source} names an ODP account that cannot be used (${state.problem}): ${now} [account=${account}]`,
      );
      return;
    }
    const before = this.#state;
    if (state.kind === 'notIntegrated') {
      this.#state = 'notIntegrated';
      this.credentials.set(undefined);
      if (before === 'notIntegrated') return;
      logger.warn(
        `ODP is not integrated: ${source} names no ODP account, and every event is discarded. Enable ODP in Optimizely [account=${account}]`,
      );
      return;
    }
    const { apiKey, apiHost } = state;
    const { current } = this.credentials;
    if (current?.apiKey === apiKey && current.apiHost === apiHost) return;
    this.#state = 'open';
    this.credentials.set({ apiKey, apiHost });
    logger.log(
      `ODP is integrated: ${source} names the account; events go to ${apiHost} [account=${account}]`,
    );
  }
}
