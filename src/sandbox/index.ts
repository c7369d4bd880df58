export { OdpSandboxError, type OdpSandboxErrorCode } from './errors.js';
export type {
  EventPattern,
  FaultTiming,
  HangFault,
  InvalidFault,
  LatencyFault,
  OdpActiveFault,
  OdpFault,
  ResetFault,
  StatusFault,
} from './faults/fault.js';
export { OdpSandbox } from './odp-sandbox.js';
export type { OdpSandboxOptions, OnInvalid } from './options.js';
export type { AudienceState, OdpSandboxCustomer } from './state/customers.js';
export type { EventListener } from './state/event-log.js';
export type {
  OdpInvalidEvent,
  OdpReceivedEvent,
  OdpReceivedRequest,
  OdpSandboxEvent,
} from './state/received.js';
