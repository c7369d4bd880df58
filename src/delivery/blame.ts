import type { Outcome } from '../odp/index.js';
import type { ClaimedEvent } from '../outbox/index.js';
import type { Evidence } from './evidence.js';

/** An answer that blames the content or the account. */
export type Refused = Outcome & { readonly kind: 'refused' | 'misconfigured' };

/**
 * What to do with a request that was refused:
 * - `reject`: its only event is to blame;
 * - `retry`: its only event may be to blame, and says nothing new about the account;
 * - `retryAlone`: the same, and others get through now;
 * - `halve`: one of its events may be to blame;
 * - `sendLast`: its only event may be to blame, which the requests still to be made may show;
 * - `suspend`: the account is to blame.
 */
export type Verdict =
  'reject' | 'retry' | 'retryAlone' | 'halve' | 'sendLast' | 'suspend';

/**
 * After this many refusals while nothing got through, the account is to blame.
 * Halving 500 events down to one takes ten, and one more for its neighbour.
 */
const MAX_REFUSALS_IN_A_ROW = 12;

/**
 * How often an event must be refused, alone in its request and with others getting
 * through since the last time, before it is to blame. If ODP itself blames the
 * content, once is enough. Anything else may refuse at random: a proxy that
 * refuses half of all requests would have to refuse this one 21 times in a row,
 * which happens to one event in 2,000,000. If it refuses more, then other events
 * that it had refused get through meanwhile, and the count starts over: see
 * Evidence.delivered.
 */
const EVIDENCE_NEEDED = { odp: 1, other: 20 } as const;

/** Whether ODP itself blames the content. */
export const isOdpsOwn = (outcome: Refused) =>
  outcome.kind === 'refused' && outcome.fromOdp;

/**
 * Judges the refusals of one delivery. Either the content or the account is to
 * blame, whatever the status says: proxies answer as they like. What else gets
 * through shows which.
 */
export class Blame {
  readonly #evidence: Evidence;
  /** When the delivery started. */
  readonly #begun: number;
  /** When its last request was refused. */
  #refused: number;
  /** How many requests in a row were refused while nothing else got through. */
  #refusals = 0;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    this.#begun = evidence.mark;
    this.#refused = this.#begun;
  }

  /** @param left how many requests of the delivery are still to be made */
  of(batch: readonly ClaimedEvent[], outcome: Refused, left: number): Verdict {
    const evidence = this.#evidenceAgainst(batch);
    const needed = isOdpsOwn(outcome)
      ? EVIDENCE_NEEDED.odp
      : EVIDENCE_NEEDED.other;
    if (evidence >= needed) return 'reject';
    // Others got through since it was first refused.
    if (evidence > 0) return 'retry';
    if (this.#evidence.gotThroughSince(this.#refused)) this.#refusals = 0;
    this.#refused = this.#evidence.mark;
    this.#refusals++;
    const othersGotThrough = this.#evidence.gotThroughSince(this.#begun);
    const contentMayBe =
      outcome.kind === 'refused' ||
      othersGotThrough ||
      batch.some(({ failedAttempts }) => failedAttempts > 0);
    if (!contentMayBe || this.#refusals >= MAX_REFUSALS_IN_A_ROW) {
      return 'suspend';
    }
    if (batch.length > 1) return 'halve';
    if (othersGotThrough) return 'retryAlone';
    return left > 0 ? 'sendLast' : 'suspend';
  }

  #evidenceAgainst([event, ...others]: readonly ClaimedEvent[]): number {
    if (event === undefined || others.length > 0) return 0;
    return this.#evidence.refused(event.id);
  }
}
