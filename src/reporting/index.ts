export type {
  OdpEventAccepted,
  OdpEventDelivered,
  OdpEventDropped,
  OdpEventExpired,
  OdpDeliveryEvent,
  OdpEventInvalid,
  OdpEventRejected,
  OdpDeliveryResumed,
  OdpDisintegrated,
  OdpIntegrated,
  OdpEventRetrying,
  OdpStats,
  OdpDeliverySuspended,
} from './delivery-event.js';
export { type DeliveryLogger, GuardedLogger } from './guarded-logger.js';
export type { SuspendingAnswer } from './log-texts.js';
export { factsOf } from './one-line.js';
export { RateLimitedLogger } from './rate-limited-logger.js';
export { identifierRedactor } from './redact.js';
export { Reporter } from './reporter.js';
