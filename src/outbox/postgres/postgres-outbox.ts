import { randomUUID } from 'node:crypto';
import { OdpOutboxError } from '../../errors/index.js';
import { GroupCommit } from '../group-commit.js';
import {
  type AppendOptions,
  type DeadLetterCause,
  type ClaimedEvent,
  type ClaimRequest,
  type StoredDeadLetter,
  type DeadLetterFilter,
  OdpOutbox,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
} from '../outbox.js';
import { fromStoredText, toStoredText } from '../stored-text.js';
import { Database, postgresError } from './database.js';
import { Listener } from './listener.js';
import { findTable } from './find-table.js';
import { runnerOf } from '../sql/transaction.js';
import type { PostgresOutboxOptions } from './postgres-outbox.options.js';
import { COUNTED, type Statements, statements } from './statements.js';
import {
  type ClaimedRow,
  claimsOf,
  columnsOf,
  type CountsRow,
  type DeadLetterRow,
  toClaimedEvent,
  toDeadLetter,
  valuesOf,
} from './rows.js';

/** Dead letters may be many: how long it may take to requeue or purge them, in ms. */
const PATIENCE = 60_000;

/** What there is between `open()` and `close()`. */
interface Opened {
  readonly context: OutboxContext;
  readonly sql: Statements;
  /** How an event is stored in the caller's transaction. */
  readonly join: string;
  readonly listener: Listener | undefined;
  readonly unwatch: () => void;
}

/** Keeps events in Postgres. See {@link postgresOutbox}. */
export class PostgresOutbox extends OdpOutbox {
  readonly name: string;
  readonly survives =
    'the loss of any instance, and whatever this database survives';
  override readonly pollInterval = 1000;

  readonly #options: PostgresOutboxOptions;
  readonly #database: Database;
  readonly #appends = new GroupCommit((events) => this.#store(events));
  #state: Opened | undefined;

  constructor(options: PostgresOutboxOptions) {
    super();
    this.name = `postgres (${options.table})`;
    this.#options = options;
    this.#database = new Database(options.pool);
  }

  async open(context: OutboxContext): Promise<void> {
    if (this.#state !== undefined) {
      throw new OdpOutboxError(
        'This postgresOutbox() already serves an account. Give each account an outbox and a table of its own.',
      );
    }
    const { notify, pool, table } = this.#options;
    const found = await findTable(this.#database, table);
    const channel = notify ? `odp_outbox_${found.oid}` : undefined;
    const sql = statements(found.name);
    this.#state = {
      context,
      sql,
      join: sql.join(channel),
      unwatch: this.#database.watch(),
      listener:
        channel === undefined
          ? undefined
          : Listener.start(pool, channel, () => context.ready()),
    };
  }

  async append(
    events: readonly OutboxEvent[],
    { transaction }: AppendOptions = {},
  ): Promise<void> {
    const joined =
      transaction === undefined
        ? this.#options.currentTransaction?.()
        : transaction;
    if (joined !== undefined) await this.#join(joined, events);
    else if (events.length > 0) await this.#appends.add(events);
  }

  async claim({
    limit,
    lease,
  }: ClaimRequest): Promise<readonly ClaimedEvent[]> {
    const token = randomUUID();
    const { rows } = await this.#database.query<ClaimedRow>(
      this.#opened.sql.claim,
      [limit, token, lease],
    );
    return rows.map((row) => toClaimedEvent(row, token));
  }

  acknowledge(events: readonly ClaimedEvent[]): Promise<number> {
    return this.#change(this.#opened.sql.acknowledge, events);
  }

  async release(
    events: readonly ClaimedEvent[],
    { delay, failed }: { delay: number; failed: boolean },
  ): Promise<void> {
    await this.#change(this.#opened.sql.release, events, delay, failed ? 1 : 0);
  }

  deadLetter(
    events: readonly ClaimedEvent[],
    { reason, status, message }: DeadLetterCause,
  ): Promise<number> {
    return this.#change(
      this.#opened.sql.deadLetter,
      events,
      reason,
      status ?? null,
      toStoredText(message),
    );
  }

  override async stillPending(
    ids: readonly string[],
  ): Promise<readonly string[]> {
    const { rows } = await this.#database.query<{ id: string }>(
      this.#opened.sql.stillPending,
      [ids.map(toStoredText)],
    );
    const pending = new Set(rows.map(({ id }) => fromStoredText(id)));
    return ids.filter((id) => pending.has(id));
  }

  /**
   * Exact up to 10,000 events (and dead letters). Beyond, how far the oldest is
   * from the newest: as many or a little more, without counting them.
   */
  async counts(): Promise<OutboxCounts> {
    const { rows } = await this.#database.query<CountsRow>(
      this.#opened.sql.counts,
    );
    const [row] = rows;
    if (row === undefined)
      throw new OdpOutboxError('Postgres counted nothing.');
    return {
      pending: row.pending > COUNTED ? row.pending_span : row.pending,
      oldest: row.oldest ?? undefined,
      deadLetters: row.dead > COUNTED ? row.dead_span : row.dead,
    };
  }

  async deadLetters(
    filter: DeadLetterFilter,
    limit: number,
  ): Promise<readonly StoredDeadLetter[]> {
    const { rows } = await this.#database.query<DeadLetterRow>(
      this.#opened.sql.deadLetters,
      [...valuesOf(filter), limit],
    );
    return rows.map(toDeadLetter);
  }

  async requeue(filter: DeadLetterFilter): Promise<number> {
    const { sql, context } = this.#opened;
    const { rowCount } = await this.#database.query(
      sql.requeue,
      valuesOf(filter),
      PATIENCE,
    );
    if (rowCount !== null && rowCount > 0) context.ready();
    return rowCount ?? 0;
  }

  async purge(filter: DeadLetterFilter): Promise<number> {
    const { rowCount } = await this.#database.query(
      this.#opened.sql.purge,
      valuesOf(filter),
      PATIENCE,
    );
    return rowCount ?? 0;
  }

  async close(): Promise<void> {
    const state = this.#state;
    if (state === undefined) return;
    await this.#appends.idle();
    this.#state = undefined;
    await state.listener?.stop();
    state.unwatch();
  }

  get #opened(): Opened {
    if (this.#state === undefined) {
      throw new OdpOutboxError(
        'This postgresOutbox() is not open. Send events between the start of the app and its shutdown.',
      );
    }
    return this.#state;
  }

  async #store(events: readonly OutboxEvent[]): Promise<void> {
    await this.#database.query(this.#opened.sql.append, columnsOf(events));
  }

  async #join(
    transaction: unknown,
    events: readonly OutboxEvent[],
  ): Promise<void> {
    const { join } = this.#opened;
    if (transaction === this.#options.pool) {
      throw new OdpOutboxError(
        "transaction is this outbox's own pool. Pass a client of it after BEGIN (docs/transactions.md).",
      );
    }
    const run = runnerOf(transaction);
    if (events.length === 0) return;
    try {
      await run(join, columnsOf(events));
    } catch (error) {
      throw postgresError(error);
    }
  }

  async #change(
    sql: string,
    events: readonly ClaimedEvent[],
    ...values: unknown[]
  ): Promise<number> {
    if (events.length === 0) return 0;
    const { rowCount } = await this.#database.query(sql, [
      ...claimsOf(events),
      ...values,
    ]);
    return rowCount ?? 0;
  }
}
