import type { Attributes } from '@opentelemetry/api';
import type { OdpRequestTrace } from '../odp/index.js';

/** The account's name. */
export const ACCOUNT = 'optimizely.odp.account';
/** Why an event was dropped: the code of the error that a caller would have got. */
export const REASON = 'optimizely.odp.reason';

/** Attributes of both the span and the metrics of a request that starts. */
export function requestAttributes({
  account,
  host,
}: Pick<OdpRequestTrace, 'account' | 'host'>): Attributes {
  const [, address = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return {
    [ACCOUNT]: account,
    'server.address': address,
    ...(port === undefined ? {} : { 'server.port': Number(port) }),
  };
}

/** Attributes of how a request ended; only its status if ODP accepted it. */
export function outcomeAttributes({ outcome }: OdpRequestTrace): Attributes {
  if (outcome === undefined) return { 'error.type': '_OTHER' };
  const { kind, status, problem } = outcome;
  return {
    ...(status === undefined ? {} : { 'http.response.status_code': status }),
    ...(kind === 'accepted'
      ? {}
      : { 'error.type': errorType(status, problem) }),
  };
}

/** One of a few values, as the semantic conventions ask for. */
export function errorType(status: number | undefined, problem: string): string {
  if (status !== undefined) return String(status);
  if (problem.startsWith('no answer within')) return 'timeout';
  // A code such as ECONNREFUSED; a transport of the app may say anything.
  return /^\w{1,40}$/.test(problem) ? problem : '_OTHER';
}
