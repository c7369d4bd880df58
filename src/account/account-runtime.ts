import type { Clock } from '../clock.js';
import type { CallerContext } from '../identity/index.js';
import type { DeliveryLogger } from '../reporting/index.js';
import type { AccountOutboxes } from './account-outboxes.js';
import type { BackgroundWork } from './background-work.js';
import type { ProcessEnd } from './process-end.js';

/** What an account needs of the outside world; tests replace it. */
export interface OdpRuntime {
  readonly clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  readonly logger: DeliveryLogger;
}

/** What all accounts of an app share. */
export interface SharedByAccounts {
  readonly callers: CallerContext;
  /** What decorators are about to send, to this account or another. */
  readonly background: BackgroundWork;
  readonly processEnd: ProcessEnd;
  readonly outboxes: AccountOutboxes;
}
