import type { OdpIntegrationState } from '../odp/index.js';
import { accountOfDatafile } from './account-of-datafile.js';

/** What is used of the official SDK's client. */
export interface OptimizelyClient {
  getOptimizelyConfig(): { getDatafile(): string } | null;
  readonly notificationCenter: {
    addNotificationListener(
      type: 'OPTIMIZELY_CONFIG_UPDATE',
      listener: () => void,
    ): number;
    removeNotificationListener(id: number): boolean;
  };
}

/**
 * Calls `listener` with what the client's datafile says about ODP: now, if it has
 * one, and for each new one.
 *
 * @returns a function that stops that
 */
export function watchClient(
  client: OptimizelyClient,
  listener: (state: OdpIntegrationState) => void,
): () => void {
  const read = () => {
    const datafile = client.getOptimizelyConfig()?.getDatafile();
    if (datafile !== undefined) listener(accountOfDatafile(datafile));
  };
  const { notificationCenter } = client;
  const id = notificationCenter.addNotificationListener(
    'OPTIMIZELY_CONFIG_UPDATE',
    read,
  );
  // A client that already has its datafile, such as a static one, does not announce it again.
  read();
  return () => void notificationCenter.removeNotificationListener(id);
}
