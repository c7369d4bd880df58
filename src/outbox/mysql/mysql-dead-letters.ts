import type {
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterRetention,
} from '../outbox.js';
import { LONG_TIMEOUT_MS } from '../sql/database.js';
import type { DeadLetterRow } from '../sql/rows.js';
import type { DeadLetterTable } from '../sql/tables.js';
import type { MysqlDatabase } from './mysql-database.js';
import type { Statements } from './statements.js';
import { conditionOf, toList, toMicroseconds, toSeqs } from './values.js';

/** How many dead letters are requeued at a time. */
const REQUEUED_AT_ONCE = 1000;

/** The dead letters of an outbox in MySQL or MariaDB. */
export class MysqlDeadLetters implements DeadLetterTable {
  readonly #database: MysqlDatabase;
  readonly #sql: Statements;

  constructor(database: MysqlDatabase, sql: Statements) {
    this.#database = database;
    this.#sql = sql;
  }

  list(
    filter: DeadLetterFilter,
    { limit, after = '0' }: DeadLetterPage,
  ): Promise<readonly DeadLetterRow[]> {
    const { condition, values } = conditionOf(filter);
    const sql = this.#sql.deadLetters(condition);
    return this.#database.rows(sql, [...values, Number(after), limit]);
  }

  async requeue(filter: DeadLetterFilter, limit = Infinity): Promise<number> {
    const { condition, values } = conditionOf(filter);
    const [last] = await this.#database.rows<{ seq: number | string | null }>(
      this.#sql.newestDeadLetter,
    );
    const requeueSome = (most: number) =>
      this.#database.transaction(async (session) => {
        const some = await session.rows<{ seq: number }>(
          this.#sql.someDeadLetters(condition),
          [...values, Number(last?.seq ?? 0), most],
        );
        if (some.length === 0) return 0;
        const seqs = toSeqs(some);
        await session.change(this.#sql.copyToEvents, [seqs]);
        return session.change(this.#sql.erase('deadLetters'), [toList(seqs)]);
      }, LONG_TIMEOUT_MS);
    let count = 0;
    while (count < limit) {
      const requeued = await requeueSome(
        Math.min(limit - count, REQUEUED_AT_ONCE),
      );
      count += requeued;
      if (requeued < REQUEUED_AT_ONCE) break;
    }
    return count;
  }

  purge(filter: DeadLetterFilter): Promise<number> {
    const { condition, values } = conditionOf(filter);
    return this.#database.alone(
      this.#sql.purge(condition),
      values,
      LONG_TIMEOUT_MS,
    );
  }

  trim({ maxAge, maxCount, maxBytes }: DeadLetterRetention): Promise<number> {
    const most = Number.MAX_SAFE_INTEGER;
    return this.#database.transaction(async (session) => {
      const [beyond] = await session.rows<{ seq: number | string | null }>(
        this.#sql.beyond,
        [
          toMicroseconds(maxAge),
          Math.min(maxCount, most),
          Math.min(maxBytes, most),
        ],
      );
      if ((beyond?.seq ?? null) === null) return 0;
      return session.change(this.#sql.trim, [Number(beyond?.seq)]);
    });
  }
}
