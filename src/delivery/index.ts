export type { AwaitedEvents } from './awaited.js';
export { type Clock, systemClock } from './clock.js';
export { Dispatcher } from './dispatcher.js';
export type {
  OdpAcceptedHappening,
  OdpDeliveredHappening,
  OdpDroppedHappening,
  OdpExpiredHappening,
  OdpHappening,
  OdpInvalidHappening,
  OdpRejectedHappening,
  OdpResumedHappening,
  OdpRetryingHappening,
  OdpStats,
  OdpSuspendedHappening,
} from './happening.js';
export { OdpClient, type OdpRequestTrace } from './odp-client.js';
export {
  type DeliveryLogger,
  RateLimitedLogger,
} from './rate-limited-logger.js';
export { Reporter } from './reporter.js';
