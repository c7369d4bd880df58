export type {
  OdpEventAccepted,
  OdpEventDelivered,
  OdpEventDropped,
  OdpEventExpired,
  OdpDeliveryEvent,
  OdpEventInvalid,
  OdpEventRejected,
  OdpDeliveryResumed,
  OdpEventRetrying,
  OdpStats,
  OdpDeliverySuspended,
} from './delivery-event.js';
export {
  type DeliveryLogger,
  RateLimitedLogger,
} from './rate-limited-logger.js';
export { redactIdentifiers } from './redact.js';
export { Reporter } from './reporter.js';
