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
import type { SqlValue } from './literal.js';
import type { MysqlDatabase, Session } from './mysql-database.js';
import { MysqlDeadLetters } from './mysql-dead-letters.js';
import type { Statements } from './statements.js';
import { toStoredText } from '../stored-text.js';
import {
  portionsOf,
  toList,
  toMicroseconds,
  toNumber,
  toSeqs,
} from './values.js';

/** The tables of an outbox in MySQL or MariaDB. */
export class MysqlTables implements OutboxTables {
  readonly #database: MysqlDatabase;
  readonly #sql: Statements;
  readonly #maxPacket: number;

  readonly deadLetters: DeadLetterTable;

  /** @param maxPacket how long a statement may be, in bytes */
  constructor(database: MysqlDatabase, sql: Statements, maxPacket: number) {
    this.#database = database;
    this.#sql = sql;
    this.#maxPacket = maxPacket;
    this.deadLetters = new MysqlDeadLetters(database, sql);
  }

  async append(events: readonly OutboxEvent[], by: string): Promise<void> {
    const portions = portionsOf(events, by, this.#maxPacket);
    const [first, second] = [portions.next(), portions.next()];
    if (first.done === true) return;
    if (second.done === true) {
      await this.#database.append(this.#sql.append(first.value));
      return;
    }
    await this.#database.transaction(async (session) => {
      // Made one after the other, so that a long list keeps nobody waiting; and from
      // the start, as the server may have this repeated.
      for (const rows of portionsOf(events, by, this.#maxPacket)) {
        await session.change(this.#sql.append(rows));
      }
    });
  }

  async join(
    run: RunInTransaction,
    events: readonly OutboxEvent[],
    by: string,
  ): Promise<void> {
    for (const rows of portionsOf(events, by, this.#maxPacket)) {
      await run(this.#sql.append(rows), []);
    }
  }

  claim(claim: TokenClaim): Promise<readonly ClaimedRow[]> {
    const { limit, token, lease, maxBytes, minAge, lost, from } = claim;
    return this.#database.transaction(async (session) => {
      const due = await session.rows<{ seq: number; bytes: number }>(
        this.#sql.due({ lost: lost.length > 0, aged: minAge > 0 }),
        [
          Number(from),
          ...(lost.length > 0 ? [lost.map(toNumber)] : []),
          ...(minAge > 0 ? [toMicroseconds(minAge)] : []),
          limit,
        ],
      );
      let total = 0;
      const fitting = due.filter(
        ({ bytes }, place) => (total += bytes) <= maxBytes || place === 0,
      );
      if (fitting.length === 0) return [];
      const seqs = toSeqs(fitting);
      const which = toList(seqs);
      const values = [which, toNumber(token), toMicroseconds(lease)];
      await session.change(this.#sql.lease, values);
      return session.rows<ClaimedRow>(this.#sql.claimed, [Number(from), seqs]);
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
      const values = [toList(seqs), toNumber(token)];
      return this.#database.alone(this.#sql.acknowledge, values);
    });
  }

  async release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): Promise<void> {
    const due = [delay, toMicroseconds(delay), failed ? 1 : 0];
    await forEachClaim(events, (seqs, token) => {
      const values = [toList(seqs), ...due, toNumber(token)];
      return this.#database.alone(this.#sql.release, values);
    });
  }

  deadLetter(
    events: readonly ClaimedEvent[],
    { reason, status, message }: DeadLetterCause,
  ): Promise<number> {
    const cause = [reason, status ?? null, toStoredText(message)];
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
      [toList(seqs)],
      LONG_TIMEOUT_MS,
    );
  }

  async close(): Promise<void> {}

  /** Removes claimed events and records their outcomes, after running `first` on them. */
  async #remove(
    session: Session,
    seqs: readonly string[],
    token: string,
    outcome: SqlValue[],
    first: (held: number[]) => Promise<unknown> = async () => {},
  ): Promise<number> {
    const values = [toList(seqs), toNumber(token)];
    const held = await session.rows<{ seq: number; receipt: string | null }>(
      this.#sql.held,
      values,
    );
    if (held.length === 0) return 0;
    await first(toSeqs(held));
    const receipts = held.flatMap(({ receipt }) => receipt ?? []);
    if (receipts.length > 0) {
      await session.change(
        this.#sql.record(receipts.length),
        receipts.flatMap((receipt) => [receipt, ...outcome]),
      );
    }
    return session.change(this.#sql.acknowledge, values);
  }
}
