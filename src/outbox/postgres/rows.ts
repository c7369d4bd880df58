import type {
  DeadLetterCause,
  ClaimedEvent,
  StoredDeadLetter,
  DeadLetterFilter,
  DeliveryOutcome,
  OutboxEvent,
} from '../outbox.js';
import { fromStoredText, toStoredText } from '../stored-text.js';

/** The row of an event, and the fencing token that its claim wrote into it. */
interface Claim {
  readonly seq: string;
  readonly token: string;
}

interface EventRow {
  readonly id: string;
  readonly payload: string;
  readonly created_at: number;
  readonly failed_attempts: number;
}

export interface ClaimedRow extends EventRow {
  readonly seq: string;
  readonly receipt: string | null;
  readonly age: number;
}

export interface DeadLetterRow extends EventRow {
  readonly seq: string;
  readonly reason: DeadLetterCause['reason'];
  readonly status: number | null;
  readonly message: string;
  readonly dead_lettered_at: number;
}

export interface CountsRow {
  readonly pending: number;
  readonly pending_span: number;
  readonly oldest_age: number | null;
  readonly dead: number;
  readonly dead_span: number;
}

const toEvent = ({ id, payload, created_at }: EventRow): OutboxEvent => ({
  id: fromStoredText(id),
  payload,
  createdAt: created_at,
});

export const toClaimedEvent = (
  row: ClaimedRow,
  token: string,
): ClaimedEvent => ({
  ...toEvent(row),
  receipt: row.receipt ?? undefined,
  age: Math.max(row.age, 0),
  failedAttempts: row.failed_attempts,
  claim: { seq: row.seq, token } satisfies Claim,
});

export const toDeadLetter = (row: DeadLetterRow): StoredDeadLetter => ({
  ...toEvent(row),
  failedAttempts: row.failed_attempts,
  reason: row.reason,
  status: row.status ?? undefined,
  message: fromStoredText(row.message),
  deadLetteredAt: row.dead_lettered_at,
  cursor: row.seq,
});

/** Which rows are meant, and with which fencing token each. */
export function claimsOf(events: readonly ClaimedEvent[]): unknown[] {
  const claims = events.map(({ claim }) => claim as Claim);
  return [claims.map(({ seq }) => seq), claims.map(({ token }) => token)];
}

/** Events as `unnest` takes them. */
export const columnsOf = (
  events: readonly OutboxEvent[],
  appendedBy: string,
): unknown[] => [
  events.map(({ id }) => toStoredText(id)),
  events.map(({ payload }) => payload),
  events.map(({ createdAt }) => createdAt),
  events.map(({ receipt }) => receipt ?? null),
  events.map(() => appendedBy),
];

/** A filter as the statements take it. */
export const valuesOf = ({
  ids,
  reason,
  before,
}: DeadLetterFilter): unknown[] => [
  ids?.map(toStoredText) ?? null,
  reason ?? null,
  before ?? null,
];

export interface OutcomeRow {
  readonly receipt: string;
  readonly reason: DeadLetterCause['reason'] | null;
  readonly status: number | null;
  readonly message: string | null;
}

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
        status: status ?? undefined,
        message: fromStoredText(message ?? ''),
      };
