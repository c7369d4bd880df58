import type { OdpIntegrationState } from '../odp/index.js';
import { segmentsOfDatafile } from './segments-of-datafile.js';

interface Integration {
  readonly key?: unknown;
  readonly publicKey?: unknown;
  readonly host?: unknown;
}

/** What a datafile, validated by the SDK, says about ODP: the first of its `integrations` with key `odp`. */
export function accountOfDatafile(datafile: string): OdpIntegrationState {
  const parsed = JSON.parse(datafile) as {
    readonly integrations?: readonly Integration[];
  };
  const { integrations } = parsed;
  const odp = integrations?.find(({ key }) => key === 'odp');
  if (odp === undefined) return { kind: 'notIntegrated' };
  const { publicKey, host } = odp;
  if (!isText(publicKey)) return unusable('without a publicKey');
  if (!isText(host)) return unusable('without a host');
  return {
    kind: 'integrated',
    apiKey: publicKey,
    apiHost: host,
    segments: segmentsOfDatafile(parsed),
  };
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '';

const unusable = (without: string): OdpIntegrationState => ({
  kind: 'unusable',
  problem: `names an ODP integration ${without}`,
});
