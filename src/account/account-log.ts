import { REGION_HOSTS } from '../odp/index.js';
import type { OutboxDurability } from '../outbox/index.js';
import {
  type DeliveryLogger,
  factsOf,
  type OdpStats,
} from '../reporting/index.js';
import type { ResolvedOptions } from './resolved-options.js';

/** What the events of an outbox survive, for the log. */
export const SURVIVES: Record<OutboxDurability, string> = {
  process: 'nothing: what is undelivered when the process ends is lost',
  machine: 'a crash, kill -9 or reboot of this machine',
  server: 'the loss of any instance, and whatever its server survives',
};

/** What is known once the last flush has ended. */
export interface Ending {
  /** How many were erased while they waited. */
  readonly erased: number;
  /** How many events stay behind; `undefined` if the outbox did not say. */
  readonly left: number | undefined;
  readonly counters: Pick<
    OdpStats,
    'delivered' | 'rejected' | 'expired' | 'dropped'
  >;
  readonly outbox: {
    readonly name: string;
    readonly durability: OutboxDurability;
    readonly storeClosed: boolean;
  };
}

const MAX_NAMED = 3;

/**
 * Variables that hold a key, of an account of another name: one that does not
 * exist, if a name was misspelt.
 */
const keysOfOthers = (environment: NodeJS.ProcessEnv): string[] =>
  Object.entries(environment)
    .filter(
      ([name, value]) =>
        /^OPTIMIZELY_\w{1,64}_API_KEY$/i.test(name) && value?.trim(),
    )
    .map(([name]) => name)
    .slice(0, MAX_NAMED);

/** What an account logs as it opens and closes: what was set up, what looks like a mistake, what became of its events. */
export class AccountLog {
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

  notIntegrated(environment: NodeJS.ProcessEnv = process.env): void {
    const others = keysOfOthers(environment);
    const found =
      others.length === 0
        ? ''
        : `. There is ${others.join(', ')}, which this account does not read: is a name misspelt, or odpConfig of nestjs-optimizely-odp/config not used?`;
    this.#logger.warn(
      `ODP is not integrated: no apiKey is set, and every event is discarded. Set OPTIMIZELY_ODP_API_KEY (a named account: OPTIMIZELY_ODP_<NAME>_API_KEY) or pass apiKey; a .env file is read only if ConfigModule.forRoot() is imported${found} [account=${this.#account}]`,
    );
  }

  /** @param integrated whether an integration names the account, which logs where events go */
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
    const facts = factsOf({
      account: this.#account,
      // A host of one's own, such as a proxy's, belongs to none.
      region: apiHost === REGION_HOSTS[region] ? region : undefined,
    });
    this.#logger.log(
      `Events go to ${apiHost}; undelivered ones wait ${where} ${facts}`,
    );
  }

  /** The app has booted: warns if its end would lose events. */
  booted({ outbox }: ResolvedOptions): void {
    if (outbox.durability !== 'process') return;
    if (process.listenerCount('SIGTERM') > 0) return;
    this.#logger.warn(
      `Nothing listens to SIGTERM, so a deploy loses the events that wait in the outbox (${outbox.name}). Call app.enableShutdownHooks() in main.ts, or use an outbox that survives the process [account=${this.#account}]`,
    );
  }

  /** The last flush has ended. */
  closed(ending: Ending): void {
    const { level, text, facts } = lastLine(ending);
    this.#logger[level](
      `${text} ${factsOf({ account: this.#account, ...facts })}`,
    );
  }
}

/** The line about what became of the events. It claims only what is known. */
export function lastLine({ left, erased, counters, outbox }: Ending): {
  readonly level: 'log' | 'warn';
  readonly text: string;
  readonly facts: Readonly<Record<string, string | number | undefined>>;
} {
  const { delivered, rejected, expired, dropped } = counters;
  const facts = {
    delivered,
    rejected: rejected || undefined,
    expired: expired || undefined,
    dropped: dropped || undefined,
    erased: erased || undefined,
    left: left ?? 'unknown',
  };
  const where = `in the outbox (${outbox.name}), which survives ${SURVIVES[outbox.durability]}`;
  if (outbox.storeClosed) {
    const text = `The app has closed the client or pool of the outbox (${outbox.name}), so it is unknown whether events wait there. Any that do are sent by another instance or the next start; close it after app.close() to have them sent before`;
    return { level: 'log', text, facts };
  }
  if (left === undefined) {
    const text = `Whether events stay behind is unknown, as the outbox did not answer. Any that do wait ${where}`;
    return { level: 'warn', text, facts };
  }
  // Other instances append to it and send from it.
  if (outbox.durability === 'server') {
    const text =
      left === 0
        ? `Nothing waits in the outbox (${outbox.name})`
        : `${left} ${left === 1 ? 'event waits' : 'events wait'} in the outbox (${outbox.name}) for another instance or the next start`;
    return { level: 'log', text, facts };
  }
  if (left > 0) {
    return {
      level: 'warn',
      text: `${left} ${left === 1 ? 'event stays' : 'events stay'} behind ${where}`,
      facts,
    };
  }
  const text =
    rejected + expired + dropped + erased === 0
      ? 'Everything accepted was delivered'
      : 'Everything accepted was delivered, given up or erased';
  return { level: 'log', text, facts };
}
