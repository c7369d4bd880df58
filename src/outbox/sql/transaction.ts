import { OdpOutboxError } from '../../errors/index.js';

/** Runs one statement inside the caller's transaction. */
export type RunInTransaction = (
  text: string,
  values: readonly unknown[],
) => Promise<unknown>;

/** What a library's transaction may have; nothing of it is taken for granted. */
type Shape = Readonly<Record<string, unknown>>;

const REFUSED =
  'Pass what your library hands to the callback of its transaction, as docs/transactions.md shows for each.';

const refuse = (why: string) => new OdpOutboxError(`${why} ${REFUSED}`);

/**
 * How a statement runs in a transaction of `pg`, `mysql2`, TypeORM, Prisma,
 * Drizzle, MikroORM, Sequelize, Knex or Kysely. They are recognised by what they
 * offer, so that none of them is a dependency.
 *
 * @throws OdpOutboxError when it is a pool, or something that runs outside of a transaction
 */
export function runnerOf(transaction: unknown): RunInTransaction {
  const shape = shapeOf(transaction);
  if (shape === undefined) {
    throw refuse('transaction is not something that runs statements.');
  }
  return (
    mikroOrm(shape) ??
    typeOrm(shape) ??
    drizzle(shape) ??
    sequelize(shape) ??
    kysely(shape) ??
    knex(shape) ??
    prisma(shape) ??
    driver(shape)
  );
}

type Adapter = (transaction: Shape) => RunInTransaction | undefined;

const mikroOrm: Adapter = (em) => {
  if (!has(em, 'getTransactionContext')) return undefined;
  const context = (em['getTransactionContext'] as () => unknown).call(em);
  if (context === undefined) {
    throw refuse(
      "transaction is MikroORM's EntityManager outside of a transaction.",
    );
  }
  return runnerOf(context);
};

const typeOrm: Adapter = (it) => {
  if (has(it, 'createQueryRunner')) {
    throw refuse("transaction is TypeORM's DataSource, which is a pool.");
  }
  const isManager = has(it, 'getRepository');
  const runner = isManager ? shapeOf(it['queryRunner']) : it;
  const active = runner?.['isTransactionActive'];
  if (isManager ? active !== true : active === false) {
    throw refuse(
      "transaction is TypeORM's, but no transaction has begun on it.",
    );
  }
  return active === true && runner !== undefined
    ? calling(runner, 'query')
    : undefined;
};

const drizzle: Adapter = (tx) => {
  const client = shapeOf(shapeOf(tx['session'])?.['client']);
  if (client === undefined || !has(tx, 'execute')) return undefined;
  if (!has(tx, 'rollback')) {
    throw refuse("transaction is Drizzle's database, not the tx of it.");
  }
  return driver(client);
};

const sequelize: Adapter = (transaction) => {
  if (has(transaction, 'authenticate')) {
    throw refuse('transaction is Sequelize itself, which is a pool.');
  }
  if (!('sequelize' in transaction)) return undefined;
  const connection = shapeOf(transaction['connection']);
  if (connection === undefined || transaction['finished'] !== undefined) {
    throw refuse("transaction is Sequelize's, but it has ended.");
  }
  return driver(connection);
};

const kysely: Adapter = (trx) => {
  if (!has(trx, 'executeQuery')) return undefined;
  if (trx['isTransaction'] !== true) {
    throw refuse("transaction is Kysely's database, which is a pool.");
  }
  const execute = calling(trx, 'executeQuery') as (
    query: unknown,
  ) => Promise<unknown>;
  return (sql, parameters) =>
    execute({
      sql,
      parameters,
      query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
      queryId: { queryId: 'nestjs-optimizely-odp' },
    });
};

const knex: Adapter = (trx) => {
  if (!has(trx, 'raw')) return undefined;
  if (trx['isTransaction'] !== true) {
    throw refuse('transaction is Knex itself, which is a pool.');
  }
  const raw = calling(trx, 'raw');
  // Knex writes ? for a value; each of ours appears once, and in order.
  return async (text, values) => raw(text.replaceAll(/\$\d+/g, '?'), values);
};

const prisma: Adapter = (tx) => {
  if (!has(tx, '$executeRawUnsafe')) return undefined;
  // A tx may start a nested transaction, but does not connect.
  if (has(tx, '$connect')) {
    throw refuse('transaction is PrismaClient, not the tx of $transaction.');
  }
  const execute = tx['$executeRawUnsafe'] as (
    text: string,
    ...values: readonly unknown[]
  ) => PromiseLike<unknown>;
  return async (text, values) => execute.call(tx, text, ...values);
};

/** A connection of `pg` or `mysql2`, or whatever else has `query(text, values)`. */
function driver(connection: Shape): RunInTransaction {
  const { totalCount } = connection;
  if (has(connection, 'getConnection') || typeof totalCount === 'number') {
    throw refuse('transaction is a pool, whose statements commit at once.');
  }
  if (!has(connection, 'query')) {
    throw refuse('transaction has no query(text, values).');
  }
  if (
    has(connection, 'getTransactionStatus') &&
    (connection['getTransactionStatus'] as () => unknown).call(connection) ===
      'I'
  ) {
    throw NOT_BEGUN();
  }
  // The callback flavour of mysql2 keeps its promises behind this.
  if (has(connection, 'promise')) {
    const promised = (connection['promise'] as () => Shape).call(connection);
    return mysql(promised);
  }
  return has(connection, 'beginTransaction')
    ? mysql(connection)
    : calling(connection, 'query');
}

const NOT_BEGUN = () =>
  refuse('transaction is a connection on which no transaction has begun.');

/** Flags of what a MySQL server says with each answer. */
const IN_TRANSACTION = 1;
const AUTOCOMMIT = 2;

/** Whether what a MySQL server has just done is still to be committed. */
export const isUncommitted = ({
  serverStatus = AUTOCOMMIT,
}: {
  readonly serverStatus?: number;
}): boolean => (serverStatus & (IN_TRANSACTION | AUTOCOMMIT)) !== AUTOCOMMIT;

/** mysql2 does not know whether a transaction has begun, but the server says so with any answer. */
function mysql(connection: Shape): RunInTransaction {
  const query = calling(connection, 'query');
  let begun = false;
  return async (text, values) => {
    if (!begun) {
      const [answer] = (await query('DO 0', [])) as [{ serverStatus?: number }];
      const { serverStatus = IN_TRANSACTION } = answer;
      if (!isUncommitted({ serverStatus })) throw NOT_BEGUN();
      begun = true;
    }
    return query(text, values);
  };
}

const has = (shape: Shape, method: string): boolean =>
  typeof shape[method] === 'function';

const shapeOf = (value: unknown): Shape | undefined =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? (value as Shape)
    : undefined;

const calling =
  (shape: Shape, method: string): RunInTransaction =>
  async (...given) =>
    (shape[method] as RunInTransaction).apply(shape, given);
