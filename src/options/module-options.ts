import type { OdpEventData } from '../events/index.js';
import type { OdpOutbox } from '../outbox/index.js';
import type { Duration } from './duration.js';
import type { OdpIdentity } from './odp-request.js';
import type { OdpRegion } from './region.js';

/** How long to wait between two tries of a request that failed for the moment. */
export class OdpRetryOptions {
  /**
   * After the first failure.
   * @default 200
   */
  readonly delay: Duration = 200;

  /**
   * What the delay is multiplied by after each further failure; at least 1.
   * @default 2
   */
  readonly factor: number = 2;

  /**
   * The longest delay; also how often a suspended account is probed.
   * @default 30000
   */
  readonly maxDelay: Duration = 30_000;

  /**
   * Whether each delay is cut by a random part of up to one half, so that
   * instances which failed together do not come back together.
   * @default true
   */
  readonly jitter: boolean = true;
}

/** When and how events are sent. */
export class OdpDeliveryOptions {
  /**
   * Events per request, 1 to 500 (ODP's cap).
   * @default 100
   */
  readonly batchSize: number = 100;

  /**
   * How long an event may wait for its batch to fill. `0` sends at once.
   * @default 1000
   */
  readonly flushInterval: Duration = 1000;

  /**
   * Requests under way at once.
   * @default 4
   */
  readonly maxConcurrentRequests: number = 4;

  /**
   * How long one request may take.
   * @default 10000
   */
  readonly requestTimeout: Duration = 10_000;

  /**
   * An event still undelivered after this is given up, loudly.
   * @default '24h'
   */
  readonly maxEventAge: Duration = '24h';

  /** Backoff between tries. */
  readonly retry: Partial<OdpRetryOptions> = {};

  /**
   * How long the last flush may take when the app shuts down.
   * @default 5000
   */
  readonly shutdownTimeout: Duration = 5000;
}

/** Options of `OptimizelyOdpModule`. A bad one fails the boot. */
export class OptimizelyOdpModuleOptions {
  /**
   * The account's ODP API key. Without one the app boots with a warning, and
   * every send rejects with `OdpNotIntegratedError`.
   */
  readonly apiKey?: string | undefined = undefined;

  /**
   * Where the account is hosted.
   * @default from the key's suffix (`-eu1`, `-au1`), else `us`
   */
  readonly region?: OdpRegion | undefined = undefined;

  /**
   * Where to send events instead, for example a proxy or the sandbox. `https`
   * only, save for loopback or with `allowInsecureHost`.
   * @default the region's host
   */
  readonly apiHost?: string | undefined = undefined;

  /**
   * Lets `apiHost` be plain `http` on another machine.
   * @default false
   */
  readonly allowInsecureHost?: boolean | undefined = false;

  /**
   * `false`: nothing leaves, every send rejects with `OdpNotEnabledError`.
   * @default true
   */
  readonly enabled?: boolean | undefined = true;

  /**
   * Merged into each event's data, under the event's own.
   * @default {}
   */
  readonly commonData?: OdpEventData | undefined = {};

  /**
   * Stamps `data.ts` (epoch seconds) when the event is made, so that late
   * delivery keeps its time.
   * @default true
   */
  readonly eventTime?: boolean | undefined = true;

  /** Who is calling: fills in the identifiers that an event lacks. */
  readonly identity?: OdpIdentity | undefined = undefined;

  /**
   * Where accepted events wait until ODP has them.
   * @default memoryOutbox()
   */
  readonly outbox?: OdpOutbox | undefined = undefined;

  /** When and how events are sent. */
  readonly delivery?: Partial<OdpDeliveryOptions> | undefined = {};
}

/** What `useClass` and `useExisting` of `forRootAsync` name. */
export interface OptimizelyOdpOptionsFactory {
  createOptimizelyOdpOptions():
    OptimizelyOdpModuleOptions | Promise<OptimizelyOdpModuleOptions>;
}
