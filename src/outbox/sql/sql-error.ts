import { OdpOutboxError } from '../../errors/index.js';

type MaybeError = Partial<Error> & {
  readonly code?: unknown;
  readonly driverError?: unknown;
  readonly original?: unknown;
  readonly meta?: unknown;
};

/** The database's own code, such as SQLSTATE `40001`, whatever a library wraps it in. */
export function codeOf(error: unknown, depth = 4): string | undefined {
  if (typeof error !== 'object' || error === null || depth === 0) {
    return undefined;
  }
  const { code, driverError, original, meta, cause } = error as MaybeError;
  for (const inner of [driverError, original, meta, cause]) {
    const found = codeOf(inner, depth - 1);
    if (found !== undefined) return found;
  }
  return typeof code === 'string' ? code : undefined;
}

/** Codes by which a server says that another transaction went first, in Postgres, MySQL and MariaDB. */
const WENT_FIRST = ['40001', '40P01', 'ER_LOCK_DEADLOCK', 'ER_CHECKREAD'];

/** Whether work was undone for the sake of another's and may simply be tried again. */
export const isRolledBackByOthers = (error: unknown): boolean =>
  WENT_FIRST.includes(codeOf(error) ?? '');

/** Knex puts the statement, values included, before the database's words. */
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
  const words = own((error as Error).message) || code;
  return new OdpOutboxError(`${store} failed (${words}). ${advice}`, {
    cause: Object.assign(new Error(words), code === undefined ? {} : { code }),
  });
}
