export {
  OdpOutbox,
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
  type OutboxCheckpoint,
  type OutboxDurability,
  type MaybePromise,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
  type OutboxStore,
} from './outbox.js';
export { ByteBudget } from './byte-budget.js';
export { BoundedOutbox } from './bounded-outbox.js';
export {
  OdpDeadLetterOptions,
  resolveDeadLetters,
} from './dead-letter-options.js';
export { isThenable } from './is-thenable.js';
export { namesIdentifier } from './names-identifier.js';
export { outboxError } from './outbox-error.js';
export {
  memoryOutbox,
  MemoryOutboxOptions,
  type WhenFull,
} from './memory/index.js';
