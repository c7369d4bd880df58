import type { OutboxCounts } from '../outbox/index.js';
import { type Clock, within } from '../clock.js';
import type { Dispatcher } from '../delivery/index.js';
import type { AccountState } from './account-state.js';

/** How an account's delivery fares. */
export interface AccountHealth {
  readonly status: 'up' | 'degraded' | 'down';
  readonly details: Readonly<Record<string, string | number>>;
}

/** When an account counts as degraded or down; times in ms. */
export interface HealthLimits {
  readonly degradedAfter: number;
  readonly timeout: number;
}

/** What an account's health is read from. */
interface HealthParts {
  readonly state: AccountState;
  readonly dispatcher: Dispatcher | undefined;
  readonly clock: Clock;
}

const EMPTY: OutboxCounts = {
  pending: 0,
  oldestAge: undefined,
  deadLetters: 0,
};

/** Never rejects, and holds counts only: health endpoints are often public. */
export async function healthOf(
  account: HealthParts,
  { degradedAfter, timeout }: HealthLimits,
): Promise<AccountHealth> {
  const counts = await probe(account, timeout);
  if (counts === undefined) {
    const reason = 'the outbox cannot be used; see the log';
    return { status: 'down', details: { reason } };
  }
  const { pending, oldestAge: oldestPendingAge = 0, deadLetters } = counts;
  const details = { pending, oldestPendingAge, deadLetters };
  if (account.state === 'notReady') {
    const reason = 'the integration has not named the ODP account yet';
    return { status: 'degraded', details: { reason, ...details } };
  }
  if (account.state === 'notIntegrated') {
    const reason = 'ODP is not integrated: every event is discarded';
    return { status: 'degraded', details: { reason, ...details } };
  }
  if (account.dispatcher?.suspended === true) {
    const reason = 'delivery is suspended: the API key or the host is wrong';
    return { status: 'degraded', details: { reason, ...details } };
  }
  if (oldestPendingAge > degradedAfter) {
    const reason = `the oldest event has waited for more than ${degradedAfter} ms`;
    return { status: 'degraded', details: { reason, ...details } };
  }
  return { status: 'up', details };
}

/** What the outbox holds; `undefined` when it fails or takes too long. */
async function probe(
  { dispatcher, clock }: HealthParts,
  timeout: number,
): Promise<OutboxCounts | undefined> {
  if (dispatcher === undefined) return EMPTY;
  try {
    return await within(clock, timeout, dispatcher.probe(), () => undefined);
  } catch {
    return undefined;
  }
}
