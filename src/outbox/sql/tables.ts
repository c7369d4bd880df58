import type {
  ClaimedEvent,
  ClaimRequest,
  DeadLetterCause,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterRetention,
  OutboxEvent,
} from '../outbox.js';
import type {
  ClaimedRow,
  CountsRow,
  DeadLetterRow,
  OutcomeRow,
} from './rows.js';
import type { RunInTransaction } from './transaction.js';

/** A claim to be made. */
export interface TokenClaim extends Required<ClaimRequest> {
  /** The fencing token that is written into the rows. */
  readonly token: string;
  /** Tokens of claims whose answers got lost: their rows are due. */
  readonly lost: readonly string[];
  /** The number of the first row to look at. */
  readonly from: string;
}

/** A row whose text contains an identifier's value. */
export interface HoldingRow {
  readonly seq: string;
  readonly payload: string;
}

/** One of the two tables that hold events. */
export type EventTable = 'events' | 'deadLetters';

/** Operations on just the table of dead letters. */
export interface DeadLetterTable {
  list(
    filter: DeadLetterFilter,
    page: DeadLetterPage,
  ): Promise<readonly DeadLetterRow[]>;
  requeue(filter: DeadLetterFilter, limit?: number): Promise<number>;
  purge(filter: DeadLetterFilter): Promise<number>;
  /** Removes those beyond retention. Returns how many. */
  trim(retention: DeadLetterRetention): Promise<number>;
}

/**
 * The tables of an outbox on one kind of server: its statements, and how values
 * go into them. Each method is atomic; all throw `OdpOutboxError`.
 */
export interface OutboxTables {
  /** @param by which process appends */
  append(events: readonly OutboxEvent[], by: string): Promise<void>;
  /** Stores events in the caller's own transaction. Throws what its library throws. */
  join(
    run: RunInTransaction,
    events: readonly OutboxEvent[],
    by: string,
  ): Promise<void>;
  claim(claim: TokenClaim): Promise<readonly ClaimedRow[]>;
  acknowledge(events: readonly ClaimedEvent[]): Promise<number>;
  release(
    events: readonly ClaimedEvent[],
    options: { readonly delay: number; readonly failed: boolean },
  ): Promise<void>;
  deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): Promise<number>;
  outcomes(receipts: readonly string[]): Promise<readonly OutcomeRow[]>;
  /** Removes outcomes that are older than an hour. */
  forgetOutcomes(): Promise<void>;
  /** The newest row's number. */
  newest(): Promise<string>;
  /** How many of a process's events up to that row are left. */
  pendingBefore(by: string, newest: string): Promise<number>;
  counts(): Promise<CountsRow>;
  readonly deadLetters: DeadLetterTable;
  /** Rows whose payload holds one of these texts. */
  holding(
    table: EventTable,
    texts: readonly string[],
  ): Promise<readonly HoldingRow[]>;
  erase(table: EventTable, seqs: readonly string[]): Promise<number>;
  /** Closes what it has opened. */
  close(): Promise<void>;
}
