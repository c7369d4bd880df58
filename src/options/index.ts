export { type Duration, parseDuration } from './duration.js';
export {
  OdpDeliveryOptions,
  OdpRetryOptions,
  OptimizelyOdpModuleOptions,
  type OptimizelyOdpOptionsFactory,
} from './module-options.js';
export type { OdpIdentity, OdpRequest, OdpUser } from './odp-request.js';
export type { OdpRegion } from './region.js';
export {
  resolveOptions,
  type ResolvedDelivery,
  type ResolvedOptions,
  type ResolvedRetry,
} from './resolve-options.js';
