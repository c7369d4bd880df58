import type {
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterRetention,
} from '../outbox.js';
import { LONG_TIMEOUT_MS } from '../sql/database.js';
import type { DeadLetterRow } from '../sql/rows.js';
import type { DeadLetterTable } from '../sql/tables.js';
import { toStoredText } from '../stored-text.js';
import { type PostgresDatabase, toInterval } from './postgres-database.js';
import type { Statements } from './statements.js';

/** The dead letters of an outbox in Postgres. */
export class PostgresDeadLetters implements DeadLetterTable {
  readonly #database: PostgresDatabase;
  readonly #sql: Statements;

  constructor(database: PostgresDatabase, sql: Statements) {
    this.#database = database;
    this.#sql = sql;
  }

  list(
    filter: DeadLetterFilter,
    { limit, after = '0' }: DeadLetterPage,
  ): Promise<readonly DeadLetterRow[]> {
    const values = [...conditionsOf(filter), after, limit];
    return this.#database.rows(this.#sql.deadLetters, values);
  }

  requeue(filter: DeadLetterFilter, limit?: number): Promise<number> {
    const values = [...conditionsOf(filter), limit ?? null];
    return this.#database.count(this.#sql.requeue, values, LONG_TIMEOUT_MS);
  }

  purge(filter: DeadLetterFilter): Promise<number> {
    const values = conditionsOf(filter);
    return this.#database.count(this.#sql.purge, values, LONG_TIMEOUT_MS);
  }

  trim({ maxAge, maxCount, maxBytes }: DeadLetterRetention): Promise<number> {
    const values = [toInterval(maxAge), maxCount, maxBytes];
    return this.#database.count(this.#sql.trim, values);
  }
}

/** A filter as parameters of the statements. */
const conditionsOf = ({ ids, reason, before }: DeadLetterFilter): unknown[] => [
  ids?.map(toStoredText) ?? null,
  reason ?? null,
  before ?? null,
];
