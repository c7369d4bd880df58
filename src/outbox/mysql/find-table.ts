import { OdpOutboxError } from '../../errors/index.js';
import { checkVersion, notMade } from '../sql/format.js';
import { codeOf } from '../sql/sql-error.js';
import type { TableName } from '../sql/table-name.js';
import { checkGrants } from './check-grants.js';
import { migrate, VERSION } from './migration.js';
import type { MysqlDatabase } from './mysql-database.js';
import { namesOf, parseTable } from './table-name.js';

/** A table that exists, but does not have our columns. */
const NO_SUCH_COLUMN = 'ER_BAD_FIELD_ERROR';

const NO_SUCH_TABLE = 'ER_NO_SUCH_TABLE';

/**
 * The table with its database, so that it is the same one whichever database a
 * caller's transaction uses. Creates it if there is none.
 *
 * @throws OdpOutboxError when it cannot be created or used, is of a newer version, or is not an outbox
 */
export async function findTable(
  database: MysqlDatabase,
  table: string,
): Promise<TableName> {
  const { schema: given, name } = parseTable(table);
  const [current] = await database.session((session) =>
    session.rows<{ name: string | null }>('SELECT DATABASE() AS name'),
  );
  const schema = given ?? current?.name;
  if (schema === undefined || schema === null) {
    throw new OdpOutboxError(
      `The pool of mysqlOutbox() has chosen no database. Give the pool one, or the table a name such as 'shop.${name}'.`,
    );
  }
  const found = { schema, name };
  if (!(await exists(database, found))) await make(database, found);
  await checkGrants(database, namesOf(found));
  return found;
}

async function exists(database: MysqlDatabase, table: TableName) {
  const { events, format } = namesOf(table);
  try {
    const [row] = await database.session(async (session) => {
      await session.rows(`SELECT 1 FROM ${events} LIMIT 0`);
      return session.rows<{ version: number }>(`SELECT version FROM ${format}`);
    });
    if (row !== undefined) checkVersion(table.name, row.version, VERSION);
    return row !== undefined;
  } catch (error) {
    if (codeOf(error) === NO_SUCH_TABLE) return false;
    throw error;
  }
}

async function make(database: MysqlDatabase, table: TableName) {
  let reason = 'it is still missing.';
  try {
    await migrate(database, table);
    if (await exists(database, table)) return;
  } catch (error) {
    if (codeOf(error) === NO_SUCH_COLUMN) {
      throw new OdpOutboxError(
        `The table "${table.name}" is not an outbox. Choose another name.`,
      );
    }
    reason = (error as OdpOutboxError).message;
  }
  throw notMade(table.name, reason, 'migrateMysqlOutbox', 'mysqlOutboxSql');
}
