import type { DeliveryLogger } from '../reporting/index.js';
import { SURVIVES } from './last-line.js';
import type { ResolvedOptions } from './resolved-options.js';

/** The lines that say, at boot, what was set up, and what looks like a mistake. */
export class BootLines {
  readonly #logger: DeliveryLogger;
  readonly #account: string;

  constructor(logger: DeliveryLogger, account: string) {
    this.#logger = logger;
    this.#account = account;
  }

  disabled(): void {
    this.#logger.log(
      `ODP is not enabled: no event is sent [account=${this.#account}]`,
    );
  }

  notIntegrated(): void {
    this.#logger.warn(
      `ODP is not integrated: no apiKey is set, and every event is discarded. Set OPTIMIZELY_ODP_API_KEY or pass apiKey; a .env file is read only if ConfigModule.forRoot() is imported [account=${this.#account}]`,
    );
  }

  /** @param integrated an integration names the account, and tells where events go */
  opened(
    { outbox, region, regionOfSuffix, apiHost }: ResolvedOptions,
    integrated: boolean,
  ): void {
    const where = `in the outbox (${outbox.name}), which survives ${SURVIVES[outbox.durability]}`;
    if (integrated) {
      this.#logger.log(
        `Undelivered events wait ${where} [account=${this.#account}]`,
      );
      return;
    }
    if (regionOfSuffix !== undefined && regionOfSuffix !== region) {
      this.#logger.warn(
        `region is '${region}', but the suffix of apiKey names '${regionOfSuffix}': one of them is wrong. Leave region out, or use a key of that region [account=${this.#account}]`,
      );
    }
    this.#logger.log(
      `Events go to ${apiHost}; undelivered ones wait ${where} [account=${this.#account} region=${region}]`,
    );
  }

  /** The app has booted, and its end may lose events. */
  booted({ outbox }: ResolvedOptions): void {
    if (outbox.durability !== 'process') return;
    if (process.listenerCount('SIGTERM') > 0) return;
    this.#logger.warn(
      `Nothing listens to SIGTERM, so a deploy loses the events that wait in the outbox (${outbox.name}). Call app.enableShutdownHooks() before the app is initialised, or use an outbox that survives the process [account=${this.#account}]`,
    );
  }
}
