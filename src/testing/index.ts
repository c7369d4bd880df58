export { ManualClock } from './manual-clock.js';
export {
  outboxContract,
  type ContractCase,
  type OutboxHarness,
} from './outbox-contract.js';
