import { OdpOutboxError } from '../../errors/index.js';
import type { TableNames } from './table-name.js';

export type Privilege = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

/** What a user may do with a table. */
export interface Grant {
  /** Quoted for SQL. */
  readonly table: string;
  readonly privilege: Privilege;
}

const NEEDED: Readonly<Record<keyof TableNames, readonly Privilege[]>> = {
  events: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  deadLetters: ['SELECT', 'INSERT', 'DELETE'],
  outcomes: ['SELECT', 'INSERT', 'DELETE'],
  format: ['SELECT'],
};

/**
 * What an outbox does with its tables. A user who may not do all of it could
 * accept events that it can never send.
 */
export const neededGrants = (names: TableNames): Grant[] =>
  Object.entries(NEEDED).flatMap(([key, privileges]) =>
    privileges.map((privilege) => ({
      table: names[key as keyof TableNames],
      privilege,
    })),
  );

/**
 * @param user quoted for SQL
 * @throws OdpOutboxError when any grant is missing
 */
export function refuseMissing(missing: readonly Grant[], user: string): void {
  if (missing.length === 0) return;
  const privileges = new Map<string, Privilege[]>();
  for (const { table, privilege } of missing) {
    privileges.set(table, [...(privileges.get(table) ?? []), privilege]);
  }
  const grants = [...privileges].map(
    ([table, names]) => `GRANT ${names.join(', ')} ON ${table} TO ${user};`,
  );
  throw new OdpOutboxError(
    `The database's user lacks privileges on the outbox's tables, so no event is accepted. Run as their owner: ${grants.join(' ')}`,
  );
}
