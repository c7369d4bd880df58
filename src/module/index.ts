export {
  ODP_INTEGRATION,
  ODP_RUNTIME,
  runtimeOf,
} from './account-providers.js';
export type { OptimizelyOdpModuleExtras } from './module-definition.js';
export {
  OptimizelyOdpModuleOptions,
  type OptimizelyOdpOptionsFactory,
} from './module-options.js';
export { OptimizelyOdpModule } from './optimizely-odp.module.js';
export { resolveOptions } from './resolve-options.js';
