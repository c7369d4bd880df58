import {
  type Grant,
  neededGrants,
  type Privilege,
  refuseMissing,
} from '../sql/grants.js';
import { codeOf } from '../sql/sql-error.js';
import type { TableNames } from '../sql/table-name.js';
import type { MysqlDatabase, Session } from './mysql-database.js';

/** A server explains only statements that the user may run. */
const EXPLAINED: Readonly<Record<Privilege, (table: string) => string>> = {
  SELECT: (table) => `SELECT * FROM ${table}`,
  INSERT: (table) => `INSERT INTO ${table} () VALUES ()`,
  UPDATE: (table) => `UPDATE ${table} SET failed_attempts = 0`,
  DELETE: (table) => `DELETE FROM ${table}`,
};

const DENIED = ['ER_TABLEACCESS_DENIED_ERROR', 'ER_COLUMNACCESS_DENIED_ERROR'];

/** @throws OdpOutboxError when the pool's user may not do what an outbox does */
export async function checkGrants(
  database: MysqlDatabase,
  names: TableNames,
): Promise<void> {
  await database.session(async (session) => {
    const missing: Grant[] = [];
    for (const grant of neededGrants(names)) {
      if (await isDenied(session, grant)) missing.push(grant);
    }
    if (missing.length === 0) return;
    const [row] = await session.rows<{ user: string }>(
      'SELECT CURRENT_USER() AS user',
    );
    refuseMissing(missing, quoted(row?.user ?? ''));
  });
}

/** Whatever else keeps a server from explaining a statement says nothing about privileges. */
async function isDenied(
  session: Session,
  { table, privilege }: Grant,
): Promise<boolean> {
  try {
    await session.rows(`EXPLAIN ${EXPLAINED[privilege](table)}`);
    return false;
  } catch (error) {
    return DENIED.includes(codeOf(error) ?? '');
  }
}

/** `user@host` as SQL. */
function quoted(account: string): string {
  const at = account.lastIndexOf('@');
  const parts =
    at < 0 ? [account] : [account.slice(0, at), account.slice(at + 1)];
  return parts.map((part) => `'${part.replaceAll("'", "''")}'`).join('@');
}
