export {
  datafileIntegration,
  type DatafileIntegrationOptions,
} from './datafile-integration.js';
