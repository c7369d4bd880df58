import type {
  ClaimedEvent,
  DeadLetterCause,
  DeliveryOutcome,
  OutboxCounts,
  StoredDeadLetter,
} from '../outbox.js';
import { fromStoredText } from '../stored-text.js';

/** The row of an event, and the fencing token that its claim wrote into it. */
interface Claim {
  readonly seq: string;
  readonly token: string;
}

/** As a server returns it: text, if a pool's settings may change anything else. */
export type SqlNumber = number | string;

/** Times are in ms since the epoch. */
interface EventRow {
  readonly seq: string;
  readonly id: string;
  readonly payload: string;
  readonly created_at: SqlNumber;
  readonly failed_attempts: SqlNumber;
}

export interface ClaimedRow extends EventRow {
  readonly receipt: string | null;
  readonly age: SqlNumber;
  /** In a claim's first row: the first that is left of those from which on it has looked. */
  readonly oldest: string | null;
}

export interface DeadLetterRow extends EventRow {
  readonly reason: DeadLetterCause['reason'];
  readonly status: SqlNumber | null;
  readonly message: string;
  readonly dead_lettered_at: SqlNumber;
}

export interface OutcomeRow {
  readonly receipt: string;
  readonly reason: DeadLetterCause['reason'] | null;
  readonly status: SqlNumber | null;
  readonly message: string | null;
}

export interface CountsRow {
  readonly pending: SqlNumber;
  readonly oldest_age: SqlNumber | null;
  readonly dead: SqlNumber;
}

export const toClaimedEvent = (
  row: ClaimedRow,
  token: string,
): ClaimedEvent => ({
  id: fromStoredText(row.id),
  payload: row.payload,
  createdAt: Number(row.created_at),
  receipt: row.receipt ?? undefined,
  age: ageOf(row.age),
  failedAttempts: Number(row.failed_attempts),
  claim: { seq: row.seq, token } satisfies Claim,
});

/**
 * Runs `work` for the events of each claim, of which there is usually one, and adds
 * up the results.
 */
export async function forEachClaim(
  events: readonly ClaimedEvent[],
  work: (
    seqs: readonly string[],
    token: string,
    awaited: boolean,
  ) => Promise<number>,
): Promise<number> {
  const claims = new Map<string, { seqs: string[]; awaited: boolean }>();
  for (const { claim, receipt } of events) {
    const { seq, token } = claim as Claim;
    let same = claims.get(token);
    if (same === undefined) {
      same = { seqs: [], awaited: false };
      claims.set(token, same);
    }
    same.seqs.push(seq);
    same.awaited ||= receipt !== undefined;
  }
  let count = 0;
  for (const [token, { seqs, awaited }] of claims) {
    count += await work(seqs, token, awaited);
  }
  return count;
}

export const toDeadLetter = (row: DeadLetterRow): StoredDeadLetter => ({
  id: fromStoredText(row.id),
  payload: row.payload,
  createdAt: Number(row.created_at),
  failedAttempts: Number(row.failed_attempts),
  reason: row.reason,
  status: optional(row.status),
  message: fromStoredText(row.message),
  deadLetteredAt: Number(row.dead_lettered_at),
  cursor: row.seq,
});

export const toOutcome = ({
  receipt,
  reason,
  status,
  message,
}: OutcomeRow): DeliveryOutcome =>
  reason === null
    ? { receipt, outcome: 'delivered' }
    : {
        receipt,
        outcome: 'deadLettered',
        reason,
        status: optional(status),
        message: fromStoredText(message ?? ''),
      };

export const toCounts = ({
  pending,
  oldest_age,
  dead,
}: CountsRow): OutboxCounts => ({
  pending: Number(pending),
  oldestAge: oldest_age === null ? undefined : ageOf(oldest_age),
  deadLetters: Number(dead),
});

const ageOf = (age: SqlNumber): number => Math.max(Number(age), 0);

const optional = (value: SqlNumber | null): number | undefined =>
  value === null ? undefined : Number(value);
