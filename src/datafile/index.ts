export {
  datafileIntegration,
  type DatafileIntegrationOptions,
} from './datafile-integration.js';
export type { OptimizelyClient } from './optimizely-client.js';
export { optimizelyClientIntegration } from './optimizely-client-integration.js';
export type { ReadyOptions } from './ready-options.js';
