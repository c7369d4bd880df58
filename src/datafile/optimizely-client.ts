import type { OdpIntegrationState } from '../odp/index.js';
import { accountOfDatafile } from './account-of-datafile.js';

/** What is needed of the official SDK's client. */
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
 * Calls `listener` with what the client's datafile says of ODP, now if it has
 * one and whenever it takes another.
 *
 * @returns stops it
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
  // A client that has its datafile already, as one with a static datafile does, says so no more.
  read();
  return () => void notificationCenter.removeNotificationListener(id);
}
