import type { OdpIntegrationState } from '../odp/index.js';

interface Integration {
  readonly key?: unknown;
  readonly publicKey?: unknown;
  readonly host?: unknown;
}

/** What a datafile, which its SDK has validated, says of ODP: its first `integrations` entry with key `odp`. */
export function accountOfDatafile(datafile: string): OdpIntegrationState {
  const { integrations } = JSON.parse(datafile) as {
    readonly integrations?: readonly Integration[];
  };
  const odp = integrations?.find(({ key }) => key === 'odp');
  if (odp === undefined) return { kind: 'notIntegrated' };
  const { publicKey, host } = odp;
  if (!isText(publicKey)) return unusable('without a publicKey');
  if (!isText(host)) return unusable('without a host');
  return { kind: 'integrated', apiKey: publicKey, apiHost: host };
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '';

const unusable = (without: string): OdpIntegrationState => ({
  kind: 'unusable',
  problem: `names an ODP integration ${without}`,
});
