import { OdpOutboxError } from '../../errors/index.js';
import { GroupCommit } from '../group-commit.js';
import type { OutboxEvent } from '../outbox.js';
import { WaitingEvents } from '../waiting-events.js';
import { NoAnswerError, type SqlDatabase } from './database.js';
import { isRefusal } from './sql-error.js';
import type { OutboxTables } from './tables.js';
import { runnerOf } from './transaction.js';

/** Appends events: those of concurrent callers in one statement, or in a caller's transaction. */
export class SqlAppends {
  readonly #database: SqlDatabase;
  readonly #tables: () => OutboxTables;
  readonly #by: string;
  readonly #group: GroupCommit;

  /**
   * @param tables throws as long as the outbox is not open
   * @param by which process appends
   */
  constructor(database: SqlDatabase, tables: () => OutboxTables, by: string) {
    this.#database = database;
    this.#tables = tables;
    this.#by = by;
    this.#group = new GroupCommit(
      new WaitingEvents(database.server),
      (events) => this.#store(events),
      isRefusal,
    );
  }

  /** @throws OdpOutboxError at once when too many are waiting */
  add(events: readonly OutboxEvent[]): Promise<void> {
    return events.length === 0 ? Promise.resolve() : this.#group.add(events);
  }

  /** Stores events in the caller's own transaction. */
  async join(
    transaction: unknown,
    events: readonly OutboxEvent[],
  ): Promise<void> {
    if (transaction === this.#database.pool) {
      throw new OdpOutboxError(
        "transaction is this outbox's own pool. Pass a connection of it after BEGIN (docs/transactions.md).",
      );
    }
    const run = runnerOf(transaction);
    if (events.length === 0) return;
    try {
      await this.#tables().join(run, events, this.#by);
    } catch (error) {
      throw this.#database.errorOf(error);
    }
  }

  /** Resolves once nothing is under way any more, whatever the outcome. */
  idle(): Promise<void> {
    return this.#group.idle();
  }

  async #store(events: readonly OutboxEvent[]): Promise<void> {
    try {
      await this.#tables().append(events, this.#by);
    } catch (error) {
      // Callers that came meanwhile get the error now, too, instead of one group after the other.
      if (error instanceof NoAnswerError) this.#group.abandon(error);
      throw error;
    }
  }
}
