export type { AccountHealth, HealthLimits } from './account-health.js';
export type { AccountState } from './account-state.js';
export { AccountOutboxes } from './account-outboxes.js';
export { BackgroundWork } from './background-work.js';
export type { OdpRuntime } from './account-runtime.js';
export { OdpAccount } from './odp-account.js';
export { ProcessEnd } from './process-end.js';
export type { ResolvedOptions } from './resolved-options.js';
