import { OdpOutboxError } from '../../errors/index.js';
import { GroupCommit } from '../group-commit.js';
import type { OutboxEvent } from '../outbox.js';
import { WaitingEvents } from '../waiting-events.js';
import { NoAnswerError } from './database.js';
import { isRefusal } from './sql-error.js';
import type { OutboxTables } from './tables.js';
import { runnerOf } from './transaction.js';

/** Where events go, and who appends them. */
export interface SqlAppendsParts {
  /** For messages, such as `Postgres`. */
  readonly server: string;
  readonly pool: unknown;
  /** Which process appends. */
  readonly by: string;
  tables(): OutboxTables;
  /** What a caller's library threw, as an error of this package. */
  errorOf(error: unknown): OdpOutboxError;
}

/** Appends events: those of concurrent callers in one statement, or in a caller's transaction. */
export class SqlAppends {
  readonly #parts: SqlAppendsParts;
  readonly #group: GroupCommit;
  readonly #waiting: WaitingEvents;

  constructor(parts: SqlAppendsParts) {
    this.#parts = parts;
    this.#group = new GroupCommit((events) => this.#store(events), isRefusal);
    this.#waiting = new WaitingEvents(parts.server);
  }

  async add(events: readonly OutboxEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.#waiting.during(events, () => this.#group.add(events));
  }

  /** Stores events in the caller's own transaction. */
  async join(
    transaction: unknown,
    events: readonly OutboxEvent[],
  ): Promise<void> {
    const { pool, by, tables, errorOf } = this.#parts;
    if (transaction === pool) {
      throw new OdpOutboxError(
        "transaction is this outbox's own pool. Pass a connection of it after BEGIN (docs/transactions.md).",
      );
    }
    const run = runnerOf(transaction);
    if (events.length === 0) return;
    try {
      await tables().join(run, events, by);
    } catch (error) {
      throw errorOf(error);
    }
  }

  /** Resolves once nothing is under way any more, whatever the outcome. */
  idle(): Promise<void> {
    return this.#group.idle();
  }

  async #store(events: readonly OutboxEvent[]): Promise<void> {
    const { tables, by } = this.#parts;
    try {
      await tables().append(events, by);
    } catch (error) {
      // Callers that came meanwhile get the error now, too, instead of one group after the other.
      if (error instanceof NoAnswerError) this.#group.abandon(error);
      throw error;
    }
  }
}
