import { randomUUID } from 'node:crypto';
import { OdpOutboxError } from '../../errors/index.js';
import { GroupCommit } from '../group-commit.js';
import { alreadyServes } from '../guards.js';
import { namesIdentifier } from '../names-identifier.js';
import {
  type AppendOptions,
  type DeadLetterCause,
  type ClaimedEvent,
  type ClaimRequest,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeliveryOutcome,
  type ErasedEvents,
  OdpOutbox,
  type OutboxCheckpoint,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
  type StoredDeadLetter,
} from '../outbox.js';
import { toStoredText } from '../stored-text.js';
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
  type OutcomeRow,
  toDeadLetter,
  toOutcome,
  valuesOf,
} from './rows.js';

/** Dead letters may be many: how long it may take to requeue or purge them, in ms. */
const PATIENCE = 60_000;

/** About 300 years: Postgres knows no longer intervals of ms. */
const MAX_MS = 1e13;

/** A row whose text holds an identifier's value, somewhere. */
interface HoldingRow {
  readonly kind: 'event' | 'letter';
  readonly seq: string;
  readonly payload: string;
}

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
  readonly durability = 'server';
  override readonly pollInterval = 1000;

  readonly #options: PostgresOutboxOptions;
  readonly #database: Database;
  readonly #appends = new GroupCommit((events) => this.#store(events));
  /** Which events are this process's. */
  readonly #appender = randomUUID();
  #state: Opened | undefined;

  constructor(options: PostgresOutboxOptions) {
    super();
    this.name = `postgres (${options.table})`;
    this.#options = options;
    this.#database = new Database(options.pool);
  }

  async open(context: OutboxContext): Promise<void> {
    if (this.#state !== undefined) {
      throw alreadyServes('postgresOutbox()', 'a table');
    }
    const { notify, pool, table } = this.#options;
    const found = await findTable(this.#database, table);
    const channel = notify ? `odp_outbox_${found.oid}` : undefined;
    const sql = statements(found.name);
    // Only tidying up; a database that is read-only for now does not keep it from opening.
    await this.#database.query(sql.forgetOutcomes).catch(() => undefined);
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
    maxBytes = Number.MAX_SAFE_INTEGER,
    lease,
    minAge = 0,
  }: ClaimRequest): Promise<readonly ClaimedEvent[]> {
    const token = randomUUID();
    const { rows } = await this.#database.query<ClaimedRow>(
      this.#opened.sql.claim,
      [limit, token, lease, maxBytes, Math.min(minAge, MAX_MS)],
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

  async deadLetter(
    events: readonly ClaimedEvent[],
    { reason, status, message }: DeadLetterCause,
  ): Promise<number> {
    const { sql, context } = this.#opened;
    const count = await this.#change(
      sql.deadLetter,
      events,
      reason,
      status ?? null,
      toStoredText(message),
    );
    const { maxAge, maxCount, maxBytes } = context.deadLetterRetention;
    const { rowCount } = await this.#database.query(sql.trim, [
      Math.min(maxAge, MAX_MS),
      maxCount,
      maxBytes,
    ]);
    if (rowCount !== null && rowCount > 0) context.deadLettersRemoved(rowCount);
    return count;
  }

  override async outcomes(
    receipts: readonly string[],
  ): Promise<readonly DeliveryOutcome[]> {
    const { sql } = this.#opened;
    const { rows } = await this.#database.query<OutcomeRow>(sql.outcomes, [
      receipts,
    ]);
    return rows.map(toOutcome);
  }

  async checkpoint(): Promise<OutboxCheckpoint> {
    const { sql } = this.#opened;
    const { rows } = await this.#database.query<{ seq: string }>(sql.newest);
    const pending = async () => {
      const { rows: counted } = await this.#database.query<{ count: number }>(
        sql.pendingBefore,
        [this.#appender, rows[0]?.seq ?? 0],
      );
      return counted[0]?.count ?? 0;
    };
    return { pending, close: () => {} };
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
      oldestAge: row.oldest_age ?? undefined,
      deadLetters: row.dead > COUNTED ? row.dead_span : row.dead,
    };
  }

  async deadLetters(
    filter: DeadLetterFilter,
    { limit, after = '0' }: DeadLetterPage,
  ): Promise<readonly StoredDeadLetter[]> {
    const { rows } = await this.#database.query<DeadLetterRow>(
      this.#opened.sql.deadLetters,
      [...valuesOf(filter), after, limit],
    );
    return rows.map(toDeadLetter);
  }

  async requeue(filter: DeadLetterFilter, limit?: number): Promise<number> {
    const { sql, context } = this.#opened;
    const { rowCount } = await this.#database.query(
      sql.requeue,
      [...valuesOf(filter), limit ?? null],
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

  async erase(
    identifiers: Readonly<Record<string, string>>,
  ): Promise<ErasedEvents> {
    const { sql } = this.#opened;
    const texts = Object.values(identifiers).map(
      (value) => `%${likeText(JSON.stringify(value).slice(1, -1))}%`,
    );
    const { rows } = await this.#database.query<HoldingRow>(
      sql.holding,
      [texts],
      PATIENCE,
    );
    const erase = async (kind: HoldingRow['kind'], statement: string) => {
      const named = rows.filter(
        (row) => row.kind === kind && namesIdentifier(row.payload, identifiers),
      );
      const { rowCount } = await this.#database.query(statement, [
        named.map(({ seq }) => seq),
      ]);
      return rowCount ?? 0;
    };
    return {
      pending: await erase('event', sql.eraseEvents),
      deadLetters: await erase('letter', sql.eraseLetters),
    };
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
    await this.#database.query(
      this.#opened.sql.append,
      columnsOf(events, this.#appender),
    );
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
      await run(join, columnsOf(events, this.#appender));
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

/** Text as LIKE takes it literally. */
const likeText = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&');
