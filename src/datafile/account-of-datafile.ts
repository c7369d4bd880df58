import { checkApiHost, type OdpIntegrationState } from '../odp/index.js';
import type { OdpViolation } from '../errors/index.js';

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
  if (typeof publicKey !== 'string' || publicKey === '') {
    return { kind: 'invalid', problem: 'its publicKey is missing' };
  }
  if (!/^[\x21-\x7e]+$/.test(publicKey)) {
    return {
      kind: 'invalid',
      problem: 'its publicKey holds spaces or control characters',
    };
  }
  const problems: OdpViolation[] = [];
  const apiHost = checkApiHost(host, false, problems);
  const [problem] = problems;
  return problem === undefined
    ? { kind: 'integrated', apiKey: publicKey, apiHost }
    : { kind: 'invalid', problem: 'its host is no https URL' };
}
