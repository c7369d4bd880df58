import { OdpOutboxError } from '../../errors/index.js';

type MaybeError = Partial<Error> & {
  readonly code?: unknown;
  readonly originalCode?: unknown;
} & Readonly<Record<(typeof WRAPPED)[number], unknown>>;

/** Where libraries keep what the database's driver threw: TypeORM, Sequelize, Prisma, and others. */
const WRAPPED = [
  'driverError',
  'original',
  'meta',
  'driverAdapterError',
  'cause',
] as const;

/** Prisma's numbers, by the names that mysql2 has for them. */
const MYSQL_CODES = new Map([
  ['1020', 'ER_CHECKREAD'],
  ['1205', 'ER_LOCK_WAIT_TIMEOUT'],
  ['1213', 'ER_LOCK_DEADLOCK'],
]);

/** The database's own code, such as SQLSTATE `40001`, whatever a library wraps it in. */
export function codeOf(error: unknown, depth = 5): string | undefined {
  if (typeof error !== 'object' || error === null || depth === 0) {
    return undefined;
  }
  const known = error as MaybeError;
  for (const wrapped of WRAPPED) {
    const found = codeOf(known[wrapped], depth - 1);
    if (found !== undefined) return found;
  }
  const code = known.originalCode ?? known.code;
  return typeof code === 'string' ? (MYSQL_CODES.get(code) ?? code) : undefined;
}

/** Codes of Postgres, MySQL and MariaDB that say that another transaction won. */
const WENT_FIRST = ['40001', '40P01', 'ER_LOCK_DEADLOCK', 'ER_CHECKREAD'];

/** Whether work was rolled back in favour of another transaction, and may be retried. */
export const isRolledBackByOthers = (error: unknown): boolean =>
  WENT_FIRST.includes(codeOf(error) ?? '');

/** Classes of SQLSTATE that tell of what a row holds, triggers' own among them. */
const REFUSED = /^(?:22|23|44|54|P0)[0-9A-Z]{3}$/;

/** The same of MySQL and MariaDB, by name. */
const MYSQL_REFUSED = [
  'ER_BAD_NULL_ERROR',
  'ER_CHECK_CONSTRAINT_VIOLATED',
  'ER_DATA_TOO_LONG',
  'ER_DUP_ENTRY',
  // So mysql2 calls the ER_CONSTRAINT_FAILED of MariaDB.
  'ER_INNODB_AUTOEXTEND_SIZE_OUT_OF_RANGE',
  'ER_NET_PACKET_TOO_LARGE',
  'ER_NO_REFERENCED_ROW_2',
  'ER_SIGNAL_EXCEPTION',
  'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
];

/** Whether the server has refused what a row holds: rows without it may be taken. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return REFUSED.test(code) || MYSQL_REFUSED.includes(code);
}

/** Knex puts the statement, with its values, before the database's words. */
const own = (message: string): string =>
  /insert into/i.test(message)
    ? message.slice(message.lastIndexOf(' - ') + 1)
    : message;

/**
 * What a database or a library threw, with its words and its code. The rest may
 * hold rows, and with them events, so the cause is no more than these two.
 */
export function sqlError(
  store: string,
  error: unknown,
  advice: string,
): OdpOutboxError {
  if (error instanceof OdpOutboxError) return error;
  const code = codeOf(error);
  // Prisma's messages have several lines.
  const words =
    own((error as Error).message)
      .replaceAll(/\s+/g, ' ')
      .trim() || code;
  return new OdpOutboxError(`${store} failed (${words}). ${advice}`, {
    cause: Object.assign(new Error(words), code === undefined ? {} : { code }),
  });
}
