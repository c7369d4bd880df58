export {
  OdpOutbox,
  type AppendOptions,
  type Burial,
  type ClaimedEvent,
  type ClaimRequest,
  type DeadLetter,
  type DeadLetterFilter,
  type MaybePromise,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
} from './outbox.js';
export { outboxError } from './outbox-error.js';
export {
  memoryOutbox,
  MemoryOutboxOptions,
  type WhenFull,
} from './memory/index.js';
