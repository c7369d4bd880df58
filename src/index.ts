export * from './errors/index.js';
export {
  IsOdpData,
  IsOdpIdentifiers,
  OdpEventDto,
  type OdpDataValue,
  type OdpEvent,
  type OdpEventData,
  type OdpIdentifiers,
  type OdpOrder,
  type OdpOrderItem,
} from './events/index.js';
export {
  type Duration,
  OdpDeliveryOptions,
  type OdpIdentity,
  type OdpRegion,
  type OdpRequest,
  OdpRetryOptions,
  type OdpUser,
  OptimizelyOdpModuleOptions,
  type OptimizelyOdpOptionsFactory,
} from './options/index.js';
export {
  type AppendOptions,
  type Burial,
  type ClaimedEvent,
  type ClaimRequest,
  type DeadLetter,
  type DeadLetterFilter,
  type MaybePromise,
  memoryOutbox,
  MemoryOutboxOptions,
  OdpOutbox,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
  type WhenFull,
} from './outbox/index.js';
export {
  OdpTransport,
  OdpTransportError,
  type OdpTransportRequest,
  type OdpTransportResponse,
} from './transport/index.js';
export type {
  OdpAcceptedHappening,
  OdpDeliveredHappening,
  OdpDroppedHappening,
  OdpExpiredHappening,
  OdpHappening,
  OdpInvalidHappening,
  OdpRejectedHappening,
  OdpRequestTrace,
  OdpResumedHappening,
  OdpRetryingHappening,
  OdpStats,
  OdpSuspendedHappening,
} from './delivery/index.js';
export {
  getOdpServiceToken,
  InjectOdp,
  type OdpDeadLetter,
  OdpDeadLetters,
  OdpService,
  type SendOdpEventOptions,
  type SentOdpEvent,
} from './service/index.js';
export {
  type OdpActionConditions,
  type OdpActionContext,
  type OdpActionEvents,
  type OdpActionFactory,
  type OdpActionOptions,
  type OdpActionValue,
  OdpEventInterceptor,
  SendOdpEvent,
  type SendOdpEventDecorator,
  webVisitor,
} from './tracking/index.js';
export { OptimizelyOdpModule } from './optimizely-odp.module.js';
export type { OptimizelyOdpModuleExtras } from './optimizely-odp.module-definition.js';
export { PACKAGE_VERSION } from './version.js';
