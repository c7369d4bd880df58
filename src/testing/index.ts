export {
  outboxContract,
  type ContractCase,
  type OutboxHarness,
} from './outbox-contract.js';
export { ManualClock } from './manual-clock.js';
