import type { OptionsOf } from '../options/index.js';
import type { HttpService } from '@nestjs/axios';
import type { OdpBeforeSend, OdpEventData } from '../events/index.js';
import type { OdpDeadLetterOptions, OdpOutbox } from '../outbox/index.js';
import type { OdpDeliveryOptions } from '../delivery/index.js';
import type { OdpIdentity } from '../identity/index.js';
import type { OdpIntegration, OdpRegion } from '../odp/index.js';
import type { OdpSegmentsOptions } from '../segments/index.js';

/** Options of `OptimizelyOdpModule`. A bad one fails the boot. */
export class OptimizelyOdpModuleOptions {
  /**
   * The account's ODP API key. Without one the app boots with a warning, and
   * every send rejects with `OdpNotIntegratedError`.
   */
  readonly apiKey?: string | undefined = undefined;

  /**
   * Where key and host come from at run time, such as `datafileIntegration()`
   * of `nestjs-optimizely-odp/datafile`; instead of `apiKey`, `region` and
   * `apiHost`. Until it has named the account, sends reject with
   * `OdpNotReadyError`; while it names none, with `OdpNotIntegratedError`.
   */
  readonly integration?: OdpIntegration | undefined = undefined;

  /**
   * Where the account is hosted.
   * @default from the key's suffix (`-eu1`, `-au1`), else `us`
   */
  readonly region?: OdpRegion | undefined = undefined;

  /**
   * Where to send events instead, for example a proxy or the sandbox. `https`
   * only, except for loopback or with `allowInsecureHost`.
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
   * The `HttpService` to send through, for its proxy, agents or interceptors.
   * None is taken from the app unless it is given here.
   * @default Node's own HTTP client; if the environment names a proxy, an axios instance of its own
   */
  readonly http?: Pick<HttpService, 'axiosRef'> | undefined = undefined;

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

  /**
   * Accepts the identifier values `'undefined'`, `'null'`, `'NaN'` and
   * `'[object Object]'`, otherwise rejected as the text of a missing value.
   * @default false
   */
  readonly allowPlaceholderIdentifiers?: boolean | undefined = false;

  /** Who is calling: fills in the identifiers that an event lacks. */
  readonly identity?: OdpIdentity | undefined = undefined;

  /**
   * A last look at each event before it is checked, for consent and redaction:
   * returns it, changed or not, or `undefined` to withhold it (counted as
   * `withheld`). It gets a copy, with what `identity` fills in. An error is
   * logged, and withholds the event, too.
   */
  readonly beforeSend?: OdpBeforeSend | undefined = undefined;

  /**
   * Where accepted events wait until ODP has them.
   * @default memoryOutbox()
   */
  readonly outbox?: OdpOutbox | undefined = undefined;

  /** When and how events are sent. */
  readonly delivery?: OptionsOf<OdpDeliveryOptions> | undefined = {};

  /** How segments are fetched and cached. */
  readonly segments?: OptionsOf<OdpSegmentsOptions> | undefined = {};

  /** How many dead letters are kept, and for how long. */
  readonly deadLetters?: OptionsOf<OdpDeadLetterOptions> | undefined = {};
}

/** What `useClass` and `useExisting` of `forRootAsync` name. */
export interface OptimizelyOdpOptionsFactory {
  createOptimizelyOdpOptions():
    OptimizelyOdpModuleOptions | Promise<OptimizelyOdpModuleOptions>;
}
