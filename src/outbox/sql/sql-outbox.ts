import { randomUUID } from 'node:crypto';
import { OdpOutboxError } from '../../errors/index.js';
import { nameOfThrown } from '../../names.js';
import { checkCursor } from '../check-cursor.js';
import { alreadyServes } from '../guards.js';
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
  type OutboxStore,
  type StoredDeadLetter,
} from '../outbox.js';
import { Counting } from './counting.js';
import type { SqlDatabase } from './database.js';
import { eraseFrom } from './erasing.js';
import { Head, LOOK_INTERVAL_MS } from './head.js';
import { Housekeeping, type Opened, trim } from './housekeeping.js';
import { LostClaims } from './lost-claims.js';
import { toClaimedEvent, toCounts, toDeadLetter, toOutcome } from './rows.js';
import { SqlAppends } from './sql-appends.js';
import type { OutboxTables } from './tables.js';

/** Keeps events in tables of a SQL database that instances share. */
export class SqlOutbox extends OdpOutbox {
  readonly name: string;
  readonly durability = 'server';
  override readonly store: OutboxStore;
  override readonly pollInterval = LOOK_INTERVAL_MS;

  readonly #database: SqlDatabase;
  readonly #openTables: (context: OutboxContext) => Promise<OutboxTables>;
  readonly #currentTransaction: (() => unknown) | undefined;
  /** For messages, such as `postgresOutbox()`. */
  readonly #factory: string;
  readonly #appends: SqlAppends;
  readonly #lostClaims = new LostClaims();
  readonly #head = new Head();
  readonly #counting = new Counting();
  readonly #housekeeping = new Housekeeping();
  /** Which events are this process's. */
  readonly #process = randomUUID();
  #state: Opened | undefined;

  /**
   * @param openTables finds the tables, or creates them
   * @param currentTransaction the option
   */
  constructor(
    kind: 'postgres' | 'mysql',
    table: string,
    database: SqlDatabase,
    openTables: (context: OutboxContext) => Promise<OutboxTables>,
    currentTransaction: (() => unknown) | undefined,
  ) {
    super();
    this.name = `${kind} (${table})`;
    this.store = {
      client: database.pool,
      place: table,
      option: `${kind}Outbox.table`,
    };
    this.#database = database;
    this.#openTables = openTables;
    this.#currentTransaction = currentTransaction;
    this.#factory = `${kind}Outbox()`;
    this.#appends = new SqlAppends(
      database,
      () => this.#opened.tables,
      this.#process,
    );
  }

  override get storeClosed(): boolean {
    return this.#database.poolEnded;
  }

  async open(context: OutboxContext): Promise<void> {
    if (this.#state !== undefined) {
      throw alreadyServes(this.#factory, 'a table');
    }
    const tables = await this.#openTables(context);
    this.#state = { context, tables };
    await this.#housekeeping.recorded(this.#state);
  }

  append(
    events: readonly OutboxEvent[],
    { transaction }: AppendOptions = {},
  ): Promise<void> {
    const joined = this.#joined(transaction);
    return joined === undefined
      ? this.#appends.add(events)
      : this.#appends.join(joined, events);
  }

  override joinsTransaction({ transaction }: AppendOptions = {}): boolean {
    return this.#joined(transaction) !== undefined;
  }

  /** The transaction that events join: the caller's own, else the one under way; `undefined` if there is none. */
  #joined(transaction: unknown): unknown {
    if (transaction !== undefined) return transaction;
    try {
      return this.#currentTransaction?.() ?? undefined;
    } catch (error) {
      throw new OdpOutboxError(
        `${this.#factory}.currentTransaction threw ${nameOfThrown(error)}, so it is unknown whether events belong to a transaction. Let it return undefined if there is none.`,
      );
    }
  }

  async claim({
    limit,
    maxBytes = Number.MAX_SAFE_INTEGER,
    lease,
    minAge = 0,
  }: ClaimRequest): Promise<readonly ClaimedEvent[]> {
    const { tables, context } = this.#opened;
    const now = context.monotonic();
    const token = randomUUID();
    const lost = this.#lostClaims.tokens(now);
    const claim = { limit, maxBytes, lease, minAge, token, lost };
    try {
      let rows = await tables.claim({ ...claim, from: this.#head.from(now) });
      if (this.#head.found(rows, now)) {
        rows = await tables.claim({ ...claim, from: this.#head.from(now) });
        this.#head.found(rows, now);
      }
      return rows.map((row) => toClaimedEvent(row, token));
    } catch (error) {
      this.#lostClaims.add(token, context.monotonic() + lease);
      throw error;
    }
  }

  async acknowledge(events: readonly ClaimedEvent[]): Promise<number> {
    if (events.length === 0) return 0;
    const opened = this.#opened;
    const count = await opened.tables.acknowledge(events);
    if (events.some(({ receipt }) => receipt !== undefined)) {
      void this.#housekeeping.recorded(opened);
    }
    return count;
  }

  async release(
    events: readonly ClaimedEvent[],
    options: { delay: number; failed: boolean },
  ): Promise<void> {
    if (events.length > 0) await this.#opened.tables.release(events, options);
  }

  async deadLetter(
    events: readonly ClaimedEvent[],
    cause: DeadLetterCause,
  ): Promise<number> {
    if (events.length === 0) return 0;
    const opened = this.#opened;
    const count = await opened.tables.deadLetter(events, cause);
    await this.#housekeeping.deadLettered(events, opened);
    return count;
  }

  override async outcomes(
    receipts: readonly string[],
  ): Promise<readonly DeliveryOutcome[]> {
    if (receipts.length === 0) return [];
    const rows = await this.#opened.tables.outcomes(receipts);
    return rows.map(toOutcome);
  }

  async checkpoint(): Promise<OutboxCheckpoint> {
    const { tables } = this.#opened;
    const newest = await tables.newest();
    return {
      pending: () => tables.pendingBefore(this.#process, newest),
      close: () => {},
    };
  }

  /** Beyond 10,000 events (or dead letters), the counts may be some seconds old. */
  counts(): Promise<OutboxCounts> {
    const { tables, context } = this.#opened;
    return this.#counting.counts(
      async () => toCounts(await tables.counts()),
      () => context.monotonic(),
    );
  }

  async deadLetters(
    filter: DeadLetterFilter,
    page: DeadLetterPage,
  ): Promise<readonly StoredDeadLetter[]> {
    checkCursor(page.after);
    const rows = await this.#opened.tables.deadLetters.list(filter, page);
    return rows.map(toDeadLetter);
  }

  async requeue(filter: DeadLetterFilter, limit?: number): Promise<number> {
    const { tables, context } = this.#opened;
    const count = await tables.deadLetters.requeue(filter, limit);
    if (count > 0) context.ready();
    return count;
  }

  async trimDeadLetters(): Promise<void> {
    await trim(this.#opened);
  }

  async purge(filter: DeadLetterFilter): Promise<number> {
    return this.#opened.tables.deadLetters.purge(filter);
  }

  async erase(
    identifiers: Readonly<Record<string, string>>,
  ): Promise<ErasedEvents> {
    const { tables } = this.#opened;
    // Events first: one that is dead-lettered meanwhile is found among dead letters.
    return {
      pending: await eraseFrom('events', tables, identifiers),
      deadLetters: await eraseFrom('deadLetters', tables, identifiers),
    };
  }

  async close(): Promise<void> {
    const state = this.#state;
    if (state === undefined) return;
    await this.#appends.idle();
    this.#state = undefined;
    await state.tables.close();
  }

  get #opened(): Opened {
    if (this.#state === undefined) {
      throw new OdpOutboxError(
        `This ${this.#factory} is not open. Send events between the start of the app and its shutdown.`,
      );
    }
    return this.#state;
  }
}
