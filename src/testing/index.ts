export {
  outboxContract,
  type ContractCase,
  type OutboxHarness,
} from './outbox-contract.js';
