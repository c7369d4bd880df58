import {
  parseTableName,
  type TableName,
  tableNames,
  type TableNames,
} from '../sql/table-name.js';

export const parseTable = (text: string): TableName =>
  parseTableName(text, 'mysqlOutbox.table');

/** The tables of an outbox, quoted for SQL. */
export const namesOf = (table: TableName): TableNames =>
  tableNames(table, (name) => `\`${name.replaceAll('`', '``')}\``);
