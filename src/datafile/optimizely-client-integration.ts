import type { OdpIntegration } from '../odp/index.js';
import { type OptimizelyClient, watchClient } from './optimizely-client.js';
import {
  IntegrationOptionReader,
  READY_DEFAULTS,
  type ReadyOptions,
} from './ready-options.js';

/**
 * Takes an account's key and host from the datafile of the Optimizely client that
 * the app already has. Changes take effect as soon as the client has them. The
 * client remains the app's: it is not closed.
 *
 * @throws OdpConfigurationError when an option is wrong
 */
export function optimizelyClientIntegration(
  client: OptimizelyClient,
  options: ReadyOptions = {},
): OdpIntegration {
  const read = new IntegrationOptionReader<ReadyOptions>(
    'optimizelyClientIntegration',
    options,
    READY_DEFAULTS,
  );
  const ready = read.ready();
  if (!isClient(client)) {
    read.refuse(
      'client',
      'must be a client of @optimizely/optimizely-sdk, as createInstance() returns it',
    );
  }
  read.check();
  return {
    source: "the datafile of the app's Optimizely client",
    ...ready,
    start: (listener) => watchClient(client, listener),
  };
}

function isClient(value: unknown): boolean {
  const { getOptimizelyConfig, notificationCenter } = (value ??
    {}) as Partial<OptimizelyClient>;
  return (
    typeof getOptimizelyConfig === 'function' &&
    typeof notificationCenter?.addNotificationListener === 'function'
  );
}
