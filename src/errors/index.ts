export {
  OdpApiError,
  type OdpApiFailure,
  OdpCustomersError,
  type OdpInvalidCustomer,
  OdpSegmentsError,
} from './api.errors.js';
export { OdpError, type OdpErrorCode } from './odp.error.js';
export {
  OdpNotReadyError,
  OdpNotIntegratedError,
  OdpNotEnabledError,
} from './not-accepting.errors.js';
export {
  OdpConfigurationError,
  OdpValidationError,
  type OdpViolation,
} from './validation.errors.js';
export { OdpOutboxError, OdpOutboxFullError } from './outbox.errors.js';
export {
  OdpErasedError,
  OdpExpiredError,
  OdpRejectedError,
  OdpTimeoutError,
} from './delivery.errors.js';
