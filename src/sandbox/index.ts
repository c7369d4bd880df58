export { OdpSandboxError, type OdpSandboxErrorCode } from './errors.js';
export type {
  EventPattern,
  HangFault,
  InvalidFault,
  FaultScope,
  LatencyFault,
  OdpActiveFault,
  OdpFault,
  ResetFault,
  StatusFault,
} from './faults/fault.js';
export { OdpSandbox } from './odp-sandbox.js';
export type { OdpSandboxOptions, OnInvalid } from './options.js';
export type { OdpSandboxIntegration } from './state/account.js';
export type {
  OdpSandboxCondition,
  OdpSandboxSegment,
  SegmentState,
} from './state/segments.js';
export type { OdpSandboxCustomer } from './state/customers.js';
export type { ListState } from './state/facts.js';
export type { EventListener } from './state/event-log.js';
export type {
  OdpInvalidEvent,
  OdpReceivedEvent,
  OdpReceivedRequest,
  OdpSandboxEvent,
} from './state/received.js';
