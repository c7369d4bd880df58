import type { ClaimedEvent, DeadLetterCause, OutboxEvent } from '../outbox.js';
import { LONG_TIMEOUT_MS } from '../sql/database.js';
import {
  type ClaimedRow,
  type CountsRow,
  forEachClaim,
  type OutcomeRow,
} from '../sql/rows.js';
import type {
  DeadLetterTable,
  EventTable,
  HoldingRow,
  OutboxTables,
  TokenClaim,
} from '../sql/tables.js';
import type { RunInTransaction } from '../sql/transaction.js';
import { toStoredText } from '../stored-text.js';
import { toInterval, type PostgresDatabase } from './postgres-database.js';
import { PostgresDeadLetters } from './postgres-dead-letters.js';
import type { Statements } from './statements.js';

/** The tables of an outbox in Postgres. */
export class PostgresTables implements OutboxTables {
  readonly #database: PostgresDatabase;
  readonly #sql: Statements;
  readonly #close: () => Promise<void>;

  readonly deadLetters: DeadLetterTable;

  constructor(
    database: PostgresDatabase,
    sql: Statements,
    close: () => Promise<void>,
  ) {
    this.#database = database;
    this.#sql = sql;
    this.#close = close;
    this.deadLetters = new PostgresDeadLetters(database, sql);
  }

  async append(events: readonly OutboxEvent[], by: string): Promise<void> {
    await this.#database.count(this.#sql.append, columnsOf(events, by));
  }

  async join(
    run: RunInTransaction,
    events: readonly OutboxEvent[],
    by: string,
  ): Promise<void> {
    await run(this.#sql.join, columnsOf(events, by));
  }

  async claim(claim: TokenClaim): Promise<readonly ClaimedRow[]> {
    const { limit, token, lease, maxBytes, minAge, lost, from } = claim;
    const age = toInterval(minAge);
    const values = [limit, token, lease, maxBytes, age, lost, from];
    const rows = await this.#database.rows<ClaimedRow>(this.#sql.claim, values);
    return rows.toSorted((a, b) => Number(a.seq) - Number(b.seq));
  }

  acknowledge(events: readonly ClaimedEvent[]): Promise<number> {
    return this.#change(this.#sql.acknowledge, events);
  }

  async release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): Promise<void> {
    await this.#change(this.#sql.release, events, delay, failed ? 1 : 0);
  }

  deadLetter(
    events: readonly ClaimedEvent[],
    { reason, status, message }: DeadLetterCause,
  ): Promise<number> {
    const cause = [reason, status ?? null, toStoredText(message)];
    return this.#change(this.#sql.deadLetter, events, ...cause);
  }

  outcomes(receipts: readonly string[]): Promise<readonly OutcomeRow[]> {
    return this.#database.rows(this.#sql.outcomes, [receipts]);
  }

  async forgetOutcomes(): Promise<void> {
    await this.#database.count(this.#sql.forgetOutcomes, []);
  }

  async newest(): Promise<string> {
    const [row] = await this.#database.rows<{ seq: string }>(
      this.#sql.newest,
      [],
    );
    return row?.seq ?? '0';
  }

  async pendingBefore(by: string, newest: string): Promise<number> {
    const [row] = await this.#database.rows<{ count: string }>(
      this.#sql.pendingBefore,
      [by, newest],
    );
    return Number(row?.count ?? 0);
  }

  async counts(): Promise<CountsRow> {
    const [row] = await this.#database.rows<CountsRow>(this.#sql.counts, []);
    return row ?? { pending: 0, oldest_age: null, dead: 0 };
  }

  async holding(
    table: EventTable,
    texts: readonly string[],
  ): Promise<readonly HoldingRow[]> {
    const patterns = texts.map((text) => `%${likeText(text)}%`);
    const sql = this.#sql.holding(table);
    return this.#database.rows(sql, [patterns], LONG_TIMEOUT_MS);
  }

  erase(table: EventTable, seqs: readonly string[]): Promise<number> {
    return this.#database.count(
      this.#sql.erase(table),
      [seqs],
      LONG_TIMEOUT_MS,
    );
  }

  close(): Promise<void> {
    return this.#close();
  }

  #change(
    sql: string,
    events: readonly ClaimedEvent[],
    ...values: unknown[]
  ): Promise<number> {
    return forEachClaim(events, (seqs, token) =>
      this.#database.count(sql, [arrayOf(seqs), token, ...values]),
    );
  }
}

/** Separates the texts of a list. Neither JSON nor a stored text contains it. */
const SEPARATOR = '\x1f';

/** Events as parameters, column by column. */
function columnsOf(events: readonly OutboxEvent[], by: string): unknown[] {
  const list = (textOf: (event: OutboxEvent) => string) =>
    events.map(textOf).join(SEPARATOR);
  return [
    list(({ id }) => toStoredText(id)),
    list(({ payload }) => payload),
    arrayOf(events.map(({ createdAt }) => createdAt)),
    list(({ receipt = '' }) => receipt),
    by,
  ];
}

/** Numbers as an array literal. */
const arrayOf = (numbers: readonly (number | string)[]) =>
  `{${numbers.join(',')}}`;

/** Text escaped for LIKE. */
const likeText = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&');
