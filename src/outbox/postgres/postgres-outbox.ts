import { randomUUID } from 'node:crypto';
import { OdpOutboxError } from '../../errors/index.js';
import { GroupCommit } from '../group-commit.js';
import {
  type AppendOptions,
  type Burial,
  type ClaimedEvent,
  type ClaimRequest,
  type DeadLetter,
  type DeadLetterFilter,
  OdpOutbox,
  type OutboxContext,
  type OutboxCounts,
  type OutboxEvent,
} from '../outbox.js';
import { fromStoredText, toStoredText } from '../stored-text.js';
import { Database, postgresError } from './database.js';
import { Listener } from './listener.js';
import { VERSION, versionOf } from './migration.js';
import type {
  PostgresOutboxOptions,
  PostgresTransaction,
} from './postgres-outbox.options.js';
import {
  COUNTED,
  FIND_TABLE,
  type Statements,
  statements,
} from './statements.js';
import { TableName } from './table-name.js';

/** Dead letters may be many: how long it may take to requeue or purge them, in ms. */
const PATIENCE = 60_000;

/** The row of an event, and the fencing token that its claim wrote into it. */
interface Claim {
  readonly seq: string;
  readonly token: string;
}

interface EventRow {
  readonly id: string;
  readonly payload: string;
  readonly created_at: number;
  readonly tries: number;
}

interface DeadLetterRow extends EventRow {
  readonly reason: Burial['reason'];
  readonly status: number | null;
  readonly message: string;
  readonly buried_at: number;
}

interface CountsRow {
  readonly pending: number;
  readonly pending_span: number;
  readonly oldest: number | null;
  readonly dead: number;
  readonly dead_span: number;
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
  readonly survives =
    'the loss of any instance, and whatever this database survives';
  override readonly pollInterval = 1000;

  readonly #options: PostgresOutboxOptions;
  readonly #table: TableName;
  readonly #database: Database;
  readonly #appends = new GroupCommit((events) => this.#store(events));
  #state: Opened | undefined;

  constructor(options: PostgresOutboxOptions) {
    super();
    this.name = `postgres (${options.table})`;
    this.#options = options;
    this.#table = TableName.parse(options.table);
    this.#database = new Database(options.pool);
  }

  async open(context: OutboxContext): Promise<void> {
    if (this.#state !== undefined) {
      throw new OdpOutboxError(
        'This postgresOutbox() already serves an account. Give each account an outbox and a table of its own.',
      );
    }
    const { oid, table } = await this.#find();
    const { notify, pool } = this.#options;
    const channel = notify ? `odp_outbox_${oid}` : undefined;
    const sql = statements(table);
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
    if (transaction !== undefined) await this.#join(transaction, events);
    else if (events.length > 0) await this.#appends.add(events);
  }

  async claim({
    limit,
    lease,
  }: ClaimRequest): Promise<readonly ClaimedEvent[]> {
    const token = randomUUID();
    const { rows } = await this.#database.query<EventRow & { seq: string }>(
      this.#opened.sql.claim,
      [limit, token, lease],
    );
    return rows.map((row) => ({
      ...toEvent(row),
      tries: row.tries,
      claim: { seq: row.seq, token } satisfies Claim,
    }));
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

  bury(
    events: readonly ClaimedEvent[],
    { reason, status, message }: Burial,
  ): Promise<number> {
    return this.#change(
      this.#opened.sql.bury,
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
  ): Promise<readonly DeadLetter[]> {
    const { rows } = await this.#database.query<DeadLetterRow>(
      this.#opened.sql.deadLetters,
      [...valuesOf(filter), limit],
    );
    return rows.map((row) => ({
      ...toEvent(row),
      tries: row.tries,
      reason: row.reason,
      status: row.status ?? undefined,
      message: fromStoredText(row.message),
      buriedAt: row.buried_at,
    }));
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

  /**
   * The table with its schema, so that it is the same one wherever the search
   * path of a caller's transaction leads.
   */
  async #find(): Promise<{ oid: string; table: TableName }> {
    const { rows } = await this.#database.query<{
      oid: string;
      schema: string;
      name: string;
      comment: string | null;
    }>(FIND_TABLE, [this.#table.events]);
    const [found] = rows;
    const version = versionOf(found?.comment ?? null);
    const { table } = this.#options;
    if (found === undefined || version === undefined) {
      throw new OdpOutboxError(
        `There is no outbox table "${table}" here. Create it with migratePostgresOutbox({ pool, table }), ` +
          'or with the SQL of postgresOutboxSql({ table }) in your own migrations.',
      );
    }
    if (version > VERSION) {
      throw new OdpOutboxError(
        `The outbox table "${table}" has version ${version}, and this version of nestjs-optimizely-odp knows ${VERSION}. ` +
          'Update the package, or choose another table.',
      );
    }
    return {
      oid: found.oid,
      table: new TableName(found.schema, found.name),
    };
  }

  async #store(events: readonly OutboxEvent[]): Promise<void> {
    await this.#database.query(this.#opened.sql.append, columnsOf(events));
  }

  async #join(
    transaction: unknown,
    events: readonly OutboxEvent[],
  ): Promise<void> {
    const { join } = this.#opened;
    const query = (transaction as Partial<PostgresTransaction> | null)?.query;
    if (typeof query !== 'function' || transaction === this.#options.pool) {
      throw new OdpOutboxError(
        'transaction must be what runs your transaction, with query(text, values): a pg client after BEGIN, ' +
          "TypeORM's EntityManager, or an adapter (docs/postgres-outbox.md). A pool is not a transaction.",
      );
    }
    if (events.length === 0) return;
    try {
      await (transaction as PostgresTransaction).query(join, columnsOf(events));
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
    const claims = events.map(({ claim }) => claim as Claim);
    const { rowCount } = await this.#database.query(sql, [
      claims.map(({ seq }) => seq),
      claims.map(({ token }) => token),
      ...values,
    ]);
    return rowCount ?? 0;
  }
}

const toEvent = ({ id, payload, created_at }: EventRow): OutboxEvent => ({
  id: fromStoredText(id),
  payload,
  createdAt: created_at,
});

const columnsOf = (events: readonly OutboxEvent[]): unknown[] => [
  events.map(({ id }) => toStoredText(id)),
  events.map(({ payload }) => payload),
  events.map(({ createdAt }) => createdAt),
];

const valuesOf = ({ ids, reason, before }: DeadLetterFilter): unknown[] => [
  ids?.map(toStoredText) ?? null,
  reason ?? null,
  before ?? null,
];
