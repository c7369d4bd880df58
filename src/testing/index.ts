export type { Clock } from '../clock.js';
export { ManualClock } from './manual-clock.js';
export {
  outboxContract,
  type ContractCase,
  type OutboxHarness,
} from './outbox-contract.js';
export type { OdpEventFilter, PartOf } from './event-filter.js';
export type {
  OdpResponder,
  RecordedOdpAnswer,
  RecordedOdpEvent,
  RecordedOdpRequest,
} from './recorded.js';
export type { OdpCallResponder, RecordedOdpCall } from './recorded-calls.js';
export { RecordingOdpTransport } from './recording.transport.js';
export {
  OptimizelyOdpTestingModule,
  type OptimizelyOdpTestingOptions,
  overrideOdpTransport,
  type TransportOverride,
} from './testing.module.js';
export {
  transportContract,
  type TransportHarness,
} from './transport-contract.js';
