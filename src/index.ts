export * from './errors/index.js';
export {
  IsOdpData,
  IsOdpIdentifiers,
  type OdpBeforeSend,
  OdpEventDto,
  type OdpEventIssue,
  type OdpEventSchema,
  odpEventSchema,
  type OdpDataField,
  type OdpDataValue,
  type OdpEvent,
  type OdpEventData,
  type OdpEventInput,
  type OdpIdentifiers,
  type OdpIdentifierValue,
  type OdpOrder,
  type OdpOrderItem,
} from './events/index.js';
export type { Duration, OptionsOf, Size } from './options/index.js';
export {
  IsOdpAttributes,
  type OdpCustomer,
  type OdpCustomerAttributes,
  OdpCustomerDto,
  OdpCustomers,
  type OdpCustomersOptions,
} from './customers/index.js';
export {
  type FetchSegmentsOptions,
  type OdpSegmentsLookup,
  OdpSegmentsOptions,
  type QualifiedSegmentsDetails,
} from './segments/index.js';
export { OdpDeliveryOptions, OdpRetryOptions } from './delivery/index.js';
export type { OdpIdentity, OdpRequest, OdpUser } from './identity/index.js';
export type {
  OdpIntegration,
  OdpIntegrationState,
  OdpRegion,
} from './odp/index.js';
export {
  OptimizelyOdpModuleOptions,
  type OptimizelyOdpOptionsFactory,
} from './module/index.js';
export {
  type AppendOptions,
  type DeadLetterCause,
  type ClaimedEvent,
  type ClaimRequest,
  type StoredDeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterRetention,
  type DeliveryOutcome,
  type ErasedEvents,
  type MaybePromise,
  memoryOutbox,
  MemoryOutboxOptions,
  OdpDeadLetterOptions,
  OdpOutbox,
  type OutboxCheckpoint,
  type OutboxContext,
  type OutboxCounts,
  type OutboxDurability,
  type OutboxEvent,
  type OutboxStore,
  type WhenFull,
} from './outbox/index.js';
export {
  OdpTransport,
  OdpTransportError,
  type OdpTransportRequest,
  type OdpTransportResponse,
} from './odp/index.js';
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
  OdpEventRetrying,
  OdpIntegrated,
  OdpStats,
  OdpDeliverySuspended,
} from './reporting/index.js';
export {
  OdpApi,
  type OdpApiQueryValue,
  type OdpApiRequest,
  type OdpApiResponse,
  type OdpCallTrace,
  type OdpRequestTrace,
} from './odp/index.js';
export {
  getOdpServiceToken,
  InjectOdp,
  type OdpDeadLetter,
  OdpDeadLetters,
  OdpOutboxAdmin,
  OdpService,
  type RequeueOptions,
  OdpValidationExceptionFilter,
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
  QualifiedFor,
  type QualifiedForOptions,
  QualifiedSegments,
  type QualifiedSegmentsOptions,
  SendOdpEvent,
  type SendOdpEventDecorator,
} from './decorators/index.js';
export { webVisitor } from './identity/index.js';
export { OptimizelyOdpModule } from './module/index.js';
export type { OptimizelyOdpModuleExtras } from './module/index.js';
export { PACKAGE_VERSION } from './version.js';
