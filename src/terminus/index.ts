export {
  OdpHealthIndicator,
  type OdpHealthOptions,
} from './odp.health-indicator.js';
