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
import type { MysqlDatabase, Session } from './mysql-database.js';
import { MysqlDeadLetters } from './mysql-dead-letters.js';
import type { Statements } from './statements.js';
import {
  isOnePortion,
  portionsOf,
  toLiteral,
  toMicroseconds,
  toNumber,
  toRows,
  toSeqs,
  toStored,
} from './values.js';

/** The tables of an outbox in MySQL or MariaDB. */
export class MysqlTables implements OutboxTables {
  readonly #database: MysqlDatabase;
  readonly #sql: Statements;

  readonly deadLetters: DeadLetterTable;

  constructor(database: MysqlDatabase, sql: Statements) {
    this.#database = database;
    this.#sql = sql;
    this.deadLetters = new MysqlDeadLetters(database, sql);
  }

  async append(events: readonly OutboxEvent[], by: string): Promise<void> {
    // Made one after the other, so that a long list keeps nobody waiting.
    const work = async (session: Session) => {
      for (const { rows, values } of portionsOf(events, by)) {
        await session.change(this.#sql.append(rows), values.map(toLiteral));
      }
    };
    await (isOnePortion(events)
      ? this.#database.session(work)
      : this.#database.transaction(work));
  }

  async join(
    run: RunInTransaction,
    events: readonly OutboxEvent[],
    by: string,
  ): Promise<void> {
    for (const { rows, values } of portionsOf(events, by)) {
      await run(this.#sql.append(rows), values);
    }
  }

  claim(claim: TokenClaim): Promise<readonly ClaimedRow[]> {
    const { limit, token, lease, maxBytes, minAge, lost, from } = claim;
    return this.#database.transaction(async (session) => {
      const due = await session.rows<{ seq: number; bytes: number }>(
        this.#sql.due(lost.length > 0),
        [
          Number(from),
          ...(lost.length > 0 ? [lost.map(toNumber)] : []),
          toMicroseconds(minAge),
          limit,
        ],
      );
      let total = 0;
      const fitting = due.filter(
        ({ bytes }, place) => (total += bytes) <= maxBytes || place === 0,
      );
      if (fitting.length === 0) return [];
      const { rows, which } = toRows(toSeqs(fitting));
      const values = [toNumber(token), toMicroseconds(lease), ...which];
      await session.change(this.#sql.lease(rows), values);
      return session.rows<ClaimedRow>(this.#sql.claimed(rows), [
        Number(from),
        ...which,
      ]);
    });
  }

  acknowledge(events: readonly ClaimedEvent[]): Promise<number> {
    const delivered = [null, null, null];
    return forEachClaim(events, (seqs, token, awaited) => {
      if (awaited) {
        return this.#database.transaction((session) =>
          this.#remove(session, seqs, token, delivered),
        );
      }
      const { rows, which } = toRows(seqs.map(Number));
      const values = [...which, toNumber(token)];
      return this.#database.alone(this.#sql.acknowledge(rows), values);
    });
  }

  async release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): Promise<void> {
    const due = [toMicroseconds(delay), failed ? 1 : 0];
    await forEachClaim(events, (seqs, token) => {
      const { rows, which } = toRows(seqs.map(Number));
      const values = [...due, ...which, toNumber(token)];
      return this.#database.alone(this.#sql.release(rows), values);
    });
  }

  deadLetter(
    events: readonly ClaimedEvent[],
    { reason, status, message }: DeadLetterCause,
  ): Promise<number> {
    const cause = [reason, status ?? null, toStored(message)];
    return forEachClaim(events, (seqs, token) =>
      this.#database.transaction((session) =>
        this.#remove(session, seqs, token, cause, (held) =>
          session.change(this.#sql.copyToDeadLetters, [...cause, held]),
        ),
      ),
    );
  }

  outcomes(receipts: readonly string[]): Promise<readonly OutcomeRow[]> {
    return this.#database.rows(this.#sql.outcomes, [receipts]);
  }

  async forgetOutcomes(): Promise<void> {
    await this.#database.alone(this.#sql.forgetOutcomes, []);
  }

  async newest(): Promise<string> {
    const [row] = await this.#database.rows<{ seq: string }>(this.#sql.newest);
    return row?.seq ?? '0';
  }

  async pendingBefore(by: string, newest: string): Promise<number> {
    const values = [toNumber(by), Number(newest)];
    const [row] = await this.#database.rows<{ count: number }>(
      this.#sql.pendingBefore,
      values,
    );
    return row?.count ?? 0;
  }

  async counts(): Promise<CountsRow> {
    const [row] = await this.#database.rows<CountsRow>(this.#sql.counts);
    return row ?? { pending: 0, oldest_age: null, dead: 0 };
  }

  async holding(
    table: EventTable,
    texts: readonly string[],
  ): Promise<readonly HoldingRow[]> {
    if (texts.length === 0) return [];
    const sql = this.#sql.holding(table, texts.length);
    return this.#database.rows(sql, [...texts], LONG_TIMEOUT_MS);
  }

  erase(table: EventTable, seqs: readonly string[]): Promise<number> {
    return this.#database.alone(
      this.#sql.erase(table),
      [seqs.map(Number)],
      LONG_TIMEOUT_MS,
    );
  }

  async close(): Promise<void> {}

  /** Removes claimed events and records their outcomes, after running `first` on them. */
  async #remove(
    session: Session,
    seqs: readonly string[],
    token: string,
    outcome: unknown[],
    first: (held: number[]) => Promise<unknown> = async () => {},
  ): Promise<number> {
    const { rows, which } = toRows(seqs.map(Number));
    const held = await session.rows<{ seq: number; receipt: string | null }>(
      this.#sql.held(rows),
      [...which, toNumber(token)],
    );
    if (held.length === 0) return 0;
    await first(toSeqs(held));
    const receipts = held.flatMap(({ receipt }) => receipt ?? []);
    if (receipts.length > 0) {
      const outcomes = receipts.map((receipt) => [receipt, ...outcome]);
      await session.change(this.#sql.record, [outcomes]);
    }
    return session.change(this.#sql.erase('events'), [toSeqs(held)]);
  }
}
