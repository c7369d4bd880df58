import { isLoopback, type OdpIntegration } from '../odp/index.js';
import type { Duration } from '../options/index.js';
import { DatafileWatch } from './datafile-watch.js';
import {
  IntegrationOptionReader,
  READY_DEFAULTS,
  type ReadyOptions,
} from './ready-options.js';

/** Which datafile names the ODP account. */
export interface DatafileIntegrationOptions extends ReadyOptions {
  /** The environment's SDK key, from Optimizely's settings. */
  readonly sdkKey: string;
  /** For the datafile of a secure environment. A secret. */
  readonly accessToken?: string | undefined;
  /**
   * The full address of the datafile.
   * @default Optimizely's CDN
   */
  readonly url?: string | undefined;
  /**
   * How often the datafile is fetched.
   * @default '5m'
   */
  readonly pollInterval?: Duration | undefined;
}

const DEFAULTS: Partial<DatafileIntegrationOptions> = {
  sdkKey: undefined,
  accessToken: undefined,
  url: undefined,
  pollInterval: '5m',
  ...READY_DEFAULTS,
};

/**
 * Takes an account's key and host from an Optimizely datafile, which the
 * official SDK (`@optimizely/optimizely-sdk`, an optional peer) fetches, polls
 * and validates. Changes take effect without a restart.
 *
 * @throws OdpConfigurationError when an option is wrong
 */
export function datafileIntegration(
  options: DatafileIntegrationOptions,
): OdpIntegration {
  const read = new IntegrationOptionReader<Partial<DatafileIntegrationOptions>>(
    'datafileIntegration',
    options,
    DEFAULTS,
  );
  const sdkKey = read.value('sdkKey');
  const accessToken = read.value('accessToken');
  const url = read.value('url');
  const pollInterval = read.duration('pollInterval', 1);
  const ready = read.ready();
  if (!isWord(sdkKey)) {
    read.refuse(
      'sdkKey',
      "must be the environment's SDK key, from Optimizely's settings",
    );
  }
  if (accessToken !== undefined && !isWord(accessToken)) {
    read.refuse(
      'accessToken',
      'must be a string without spaces or control characters',
    );
  }
  if (url !== undefined && !isWebAddress(url)) {
    read.refuse(
      'url',
      'must be the full address of the datafile, such as https://cdn.optimizely.com/datafiles/….json',
    );
  }
  if (accessToken !== undefined && isWebAddress(url) && !isPrivate(url)) {
    read.refuse('url', 'must be https, as the access token travels there');
  }
  read.check();
  const address = (url ??
    addressOf(sdkKey as string, accessToken !== undefined)) as string;
  return {
    source: `the datafile of SDK key ${sdkKey as string} (${withoutSecrets(address)})`,
    ...ready,
    start(listener) {
      const watch = new DatafileWatch(
        {
          sdkKey: sdkKey as string,
          accessToken: accessToken as string | undefined,
          address,
          pollInterval,
        },
        listener,
      );
      return () => watch.close();
    },
  };
}

/** Where Optimizely serves datafiles; those of secure environments have their own host. */
const addressOf = (sdkKey: string, isSecure: boolean) =>
  isSecure
    ? `https://config.optimizely.com/datafiles/auth/${sdkKey}.json`
    : `https://cdn.optimizely.com/datafiles/${sdkKey}.json`;

const isWord = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);

const isWebAddress = (value: unknown): value is string =>
  typeof value === 'string' &&
  URL.canParse(value) &&
  /^https?:$/.test(new URL(value).protocol);

const isPrivate = (address: string) => {
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || isLoopback(hostname);
};

/** A query may hold a token, and the part before `@` a password. */
function withoutSecrets(address: string): string {
  const { origin, pathname, search } = new URL(address);
  return `${origin}${pathname}${search === '' ? '' : '?…'}`;
}
