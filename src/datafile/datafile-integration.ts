import {
  type Client,
  createInstance,
  createPollingProjectConfigManager,
  NOTIFICATION_TYPES,
} from '@optimizely/optimizely-sdk';
import { OdpConfigurationError } from '../errors/index.js';
import type { OdpIntegration, OdpIntegrationState } from '../odp/index.js';
import { type Duration, parseDuration } from '../options/index.js';
import { accountOfDatafile } from './account-of-datafile.js';

/** Which datafile names the ODP account. */
export interface DatafileIntegrationOptions {
  /** The environment's SDK key, from Optimizely's settings. */
  readonly sdkKey: string;
  /** For the datafile of a secure environment. A secret. */
  readonly accessToken?: string | undefined;
  /**
   * The whole address of the datafile.
   * @default Optimizely's CDN
   */
  readonly url?: string | undefined;
  /**
   * How often the datafile is asked for.
   * @default '5m'
   */
  readonly pollInterval?: Duration | undefined;
  /**
   * How long the boot waits for the first datafile.
   * @default '10s'
   */
  readonly readyTimeout?: Duration | undefined;
}

const POLL_INTERVAL = '5m';
const READY_TIMEOUT = '10s';

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
  const { sdkKey, accessToken, url } = options;
  if (typeof sdkKey !== 'string' || sdkKey.trim() === '') {
    throw wrong('sdkKey', "must be the environment's SDK key");
  }
  if (url !== undefined && !URL.canParse(url)) {
    throw wrong('url', 'must be the absolute address of the datafile');
  }
  const pollInterval = durationOf('pollInterval', options, POLL_INTERVAL);
  const readyTimeout = durationOf('readyTimeout', options, READY_TIMEOUT);
  let client: Client | undefined;
  return {
    source: `The datafile of SDK key ${sdkKey}${url === undefined ? '' : ` at ${new URL(url).host}`}`,
    readyTimeout,
    start(listener) {
      const started = createInstance({
        projectConfigManager: createPollingProjectConfigManager({
          sdkKey,
          autoUpdate: true,
          updateInterval: pollInterval,
          ...(url === undefined ? {} : { urlTemplate: url }),
          ...(accessToken === undefined
            ? {}
            : { datafileAccessToken: accessToken }),
        }),
      });
      client = started;
      started.notificationCenter.addNotificationListener(
        NOTIFICATION_TYPES.OPTIMIZELY_CONFIG_UPDATE,
        () => {
          const state = stateOf(started);
          if (state !== undefined) listener(state);
        },
      );
      // Its failures are waited out: the SDK goes on asking.
      started.onReady().catch(() => {});
    },
    async close() {
      await client?.close();
    },
  };
}

function stateOf(client: Client): OdpIntegrationState | undefined {
  const datafile = client.getOptimizelyConfig()?.getDatafile();
  return datafile === undefined ? undefined : accountOfDatafile(datafile);
}

function durationOf(
  name: 'pollInterval' | 'readyTimeout',
  options: DatafileIntegrationOptions,
  fallback: Duration,
): number {
  const ms = parseDuration(options[name] ?? fallback);
  if (ms !== undefined && ms > 0) return ms;
  throw wrong(name, "must be ms or text such as '30s'");
}

const wrong = (option: string, message: string) =>
  new OdpConfigurationError([
    { path: `datafileIntegration.${option}`, message },
  ]);
