import type {
  ClaimedEvent,
  DeadLetterCause,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterRetention,
  OutboxEvent,
} from '../outbox.js';
import { LONG_TIMEOUT_MS } from '../sql/database.js';
import {
  claimOf,
  type ClaimedRow,
  type CountsRow,
  type DeadLetterRow,
  type OutcomeRow,
} from '../sql/rows.js';
import type {
  EventTable,
  HoldingRow,
  OutboxTables,
  TokenClaim,
} from '../sql/tables.js';
import type { RunInTransaction } from '../sql/transaction.js';
import { toStoredText } from '../stored-text.js';
import type { PostgresDatabase } from './postgres-database.js';
import type { Statements } from './statements.js';

/** About 300 years: Postgres knows no longer intervals of ms. */
const MAX_MS = 1e13;

/** The tables of an outbox in Postgres. */
export class PostgresTables implements OutboxTables {
  readonly #database: PostgresDatabase;
  readonly #sql: Statements;
  readonly #close: () => Promise<void>;

  constructor(
    database: PostgresDatabase,
    sql: Statements,
    close: () => Promise<void>,
  ) {
    this.#database = database;
    this.#sql = sql;
    this.#close = close;
  }

  async append(events: readonly OutboxEvent[], by: string): Promise<void> {
    await this.#count(this.#sql.append, columnsOf(events, by));
  }

  async join(
    run: RunInTransaction,
    events: readonly OutboxEvent[],
    by: string,
  ): Promise<void> {
    await run(this.#sql.join, columnsOf(events, by));
  }

  claim(claim: TokenClaim): Promise<readonly ClaimedRow[]> {
    const { limit, token, lease, maxBytes, minAge, lost } = claim;
    const age = Math.min(minAge, MAX_MS);
    const values = [limit, token, lease, maxBytes, age, lost];
    return this.#rows(this.#sql.claim, values);
  }

  acknowledge(events: readonly ClaimedEvent[]): Promise<number> {
    return this.#count(this.#sql.acknowledge, claimsOf(events));
  }

  async release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): Promise<void> {
    const values = [...claimsOf(events), delay, failed ? 1 : 0];
    await this.#count(this.#sql.release, values);
  }

  deadLetter(
    events: readonly ClaimedEvent[],
    { reason, status, message }: DeadLetterCause,
  ): Promise<number> {
    return this.#count(this.#sql.deadLetter, [
      ...claimsOf(events),
      reason,
      status ?? null,
      toStoredText(message),
    ]);
  }

  trim({ maxAge, maxCount, maxBytes }: DeadLetterRetention): Promise<number> {
    const values = [Math.min(maxAge, MAX_MS), maxCount, maxBytes];
    return this.#count(this.#sql.trim, values);
  }

  outcomes(receipts: readonly string[]): Promise<readonly OutcomeRow[]> {
    return this.#rows(this.#sql.outcomes, [receipts]);
  }

  async forgetOutcomes(): Promise<void> {
    await this.#count(this.#sql.forgetOutcomes, []);
  }

  async newest(): Promise<string> {
    const [row] = await this.#rows<{ seq: string }>(this.#sql.newest, []);
    return row?.seq ?? '0';
  }

  async pendingBefore(by: string, newest: string): Promise<number> {
    const [row] = await this.#rows<{ count: number }>(this.#sql.pendingBefore, [
      by,
      newest,
    ]);
    return row?.count ?? 0;
  }

  async counts(): Promise<CountsRow> {
    const [row] = await this.#rows<CountsRow>(this.#sql.counts, []);
    return row ?? { pending: 0, oldest_age: null, dead: 0 };
  }

  deadLetters(
    filter: DeadLetterFilter,
    { limit, after = '0' }: DeadLetterPage,
  ): Promise<readonly DeadLetterRow[]> {
    const values = [...conditionsOf(filter), after, limit];
    return this.#rows(this.#sql.deadLetters, values);
  }

  requeue(filter: DeadLetterFilter, limit?: number): Promise<number> {
    const values = [...conditionsOf(filter), limit ?? null];
    return this.#count(this.#sql.requeue, values, LONG_TIMEOUT_MS);
  }

  purge(filter: DeadLetterFilter): Promise<number> {
    const values = conditionsOf(filter);
    return this.#count(this.#sql.purge, values, LONG_TIMEOUT_MS);
  }

  async holding(
    table: EventTable,
    texts: readonly string[],
  ): Promise<readonly HoldingRow[]> {
    const patterns = texts.map((text) => `%${likeText(text)}%`);
    const sql = this.#sql.holding(table);
    return this.#rows(sql, [patterns], LONG_TIMEOUT_MS);
  }

  erase(table: EventTable, seqs: readonly string[]): Promise<number> {
    return this.#count(this.#sql.erase(table), [seqs], LONG_TIMEOUT_MS);
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #rows<Row>(
    sql: string,
    values: unknown[],
    timeout?: number,
  ): Promise<readonly Row[]> {
    return (await this.#database.query<Row>(sql, values, timeout)).rows;
  }

  async #count(
    sql: string,
    values: unknown[],
    timeout?: number,
  ): Promise<number> {
    const { rowCount } = await this.#database.query(sql, values, timeout);
    return rowCount ?? 0;
  }
}

/** Events as `unnest` takes them. */
const columnsOf = (events: readonly OutboxEvent[], by: string): unknown[] => [
  events.map(({ id }) => toStoredText(id)),
  events.map(({ payload }) => payload),
  events.map(({ createdAt }) => createdAt),
  events.map(({ receipt }) => receipt ?? null),
  events.map(() => by),
];

/** Which rows are meant, and with which fencing token each. */
function claimsOf(events: readonly ClaimedEvent[]): unknown[] {
  const claims = events.map(claimOf);
  return [claims.map(({ seq }) => seq), claims.map(({ token }) => token)];
}

/** A filter as the statements take it. */
const conditionsOf = ({ ids, reason, before }: DeadLetterFilter): unknown[] => [
  ids?.map(toStoredText) ?? null,
  reason ?? null,
  before ?? null,
];

/** Text as LIKE takes it literally. */
const likeText = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&');
