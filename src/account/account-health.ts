import type { OutboxCounts } from '../outbox/index.js';
import { type Clock, within } from '../clock.js';
import type { Delivery } from '../delivery/index.js';
import type { AccountState } from './account-state.js';

/** The health of an account's delivery. */
export interface AccountHealth {
  readonly status: 'up' | 'degraded' | 'down';
  readonly details: Readonly<Record<string, string | number>>;
}

/** When an account counts as degraded or down; times in ms. */
export interface HealthLimits {
  readonly degradedAfter: number;
  readonly timeout: number;
}

/** A call to ODP, for segments, customers or anything else, that failed. */
export interface CallFailure {
  /** Without anything of a customer, such as `/v3/graphql`. */
  readonly route: string;
  readonly problem: string;
  /** By the monotonic clock, in ms. */
  readonly at: number;
}

/** What health is read from. */
interface AccountToCheck {
  readonly lastFailure: CallFailure | undefined;
  readonly state: AccountState;
  readonly delivery: Delivery | undefined;
  readonly clock: Clock;
}

const EMPTY: OutboxCounts = {
  pending: 0,
  oldestAge: undefined,
  deadLetters: 0,
};

/** Never rejects, and holds counts only: health endpoints are often public. */
export async function healthOf(
  account: AccountToCheck,
  { degradedAfter, timeout }: HealthLimits,
): Promise<AccountHealth> {
  const counts = await probe(account, timeout);
  if (counts === undefined) {
    const reason = 'the outbox cannot be used; see the log';
    return { status: 'down', details: { reason } };
  }
  const { pending, oldestAge: oldestPendingAge = 0, deadLetters } = counts;
  const details = {
    pending,
    oldestPendingAge: Math.round(oldestPendingAge),
    deadLetters,
    ...lastFailureOf(account),
  };
  if (account.state === 'notReady') {
    const reason = 'the integration has not named the ODP account yet';
    return { status: 'degraded', details: { reason, ...details } };
  }
  if (account.state === 'notIntegrated') {
    const reason = 'ODP is not integrated: every event is discarded';
    return { status: 'degraded', details: { reason, ...details } };
  }
  if (account.delivery?.paused === true) {
    const reason = 'delivery is paused by the app';
    return { status: 'degraded', details: { reason, ...details } };
  }
  if (account.delivery?.suspended === true) {
    const reason =
      'delivery is suspended: the API key or the host is wrong, or something on the way refuses everything; see the log';
    return { status: 'degraded', details: { reason, ...details } };
  }
  if (oldestPendingAge > degradedAfter) {
    const reason = `the oldest event has waited for more than ${degradedAfter} ms`;
    return { status: 'degraded', details: { reason, ...details } };
  }
  return { status: 'up', details };
}

/** Does not change the status: a call for segments may fail while events are on time. */
function lastFailureOf({
  lastFailure,
  clock,
}: AccountToCheck): AccountHealth['details'] {
  if (lastFailure === undefined) return {};
  const { route, problem, at } = lastFailure;
  return {
    lastApiFailure: `${route}: ${problem}`,
    lastApiFailureAge: Math.round(clock.monotonic() - at),
  };
}

/** What the outbox holds; `undefined` when it fails or takes too long. */
async function probe(
  { delivery, clock }: AccountToCheck,
  timeout: number,
): Promise<OutboxCounts | undefined> {
  if (delivery === undefined) return EMPTY;
  try {
    return await within(clock, timeout, delivery.probe(), () => undefined);
  } catch {
    return undefined;
  }
}
